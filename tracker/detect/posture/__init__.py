"""Which posture is it: rest or stretch, which leg, is a leg in it at all?"""
