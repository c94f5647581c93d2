"""The band without the band: a leg, an IMU, the firmware and its radio, all simulated."""
