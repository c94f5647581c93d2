// The leg's own movement over the last half minute; drawn when there is something new to draw.
const SHOWN_S = 30;
const LEAST_DEG = 2; // a leg at rest is a line, not a storm

export class Wave {
  constructor(canvas) {
    this.canvas = canvas;
    this.points = [];
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  clear() { this.points = []; this.draw(); }

  add(points, holding) {
    for (const [t, angle, breath, phase] of points) {
      const last = this.points.at(-1);
      if (last && t < last.t) this.points = []; // another clock: the band has started anew
      this.points.push({ t, value: holding && breath != null ? breath : angle, holding, phase });
    }
    const end = this.points.at(-1).t;
    while (this.points[0].t < end - SHOWN_S) this.points.shift();
    if (!document.hidden) this.draw();
  }

  draw() {
    const ratio = devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = this.canvas;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const pen = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name);
    pen.scale(ratio, ratio);
    const line = (y) => { pen.beginPath(); pen.moveTo(0, y); pen.lineTo(width, y); pen.stroke(); };
    pen.strokeStyle = colour("--line");
    line(height - 1);
    const holding = this.points.at(-1)?.holding ?? false;
    // Within a hold the breath fills the height; before it the way of the leg does.
    const points = this.points.filter((point) => point.value != null && point.holding === holding);
    if (points.length < 2) return;
    const values = points.map((point) => point.value), end = points.at(-1).t;
    const middle = (Math.min(...values) + Math.max(...values)) / 2;
    const half = Math.max(LEAST_DEG, Math.max(...values) - Math.min(...values)) / 2;
    const room = width - 12, x = (t) => room * (1 - (end - t) / SHOWN_S);
    const y = (value) => height * 0.48 - ((value - middle) / half) * (height * 0.4);
    const of = { exhale: colour("--fill"), inhale: colour("--lap") }, soft = colour("--soft");
    pen.lineWidth = Math.max(3, height / 28);
    pen.lineJoin = pen.lineCap = "round";
    for (let i = 1, from = 0; i <= points.length; i++) {
      if (i < points.length && points[i].phase === points[from].phase) continue;
      const part = points.slice(from, Math.min(i + 1, points.length)), tone = of[points[from].phase] ?? soft;
      const path = new Path2D();
      part.forEach((point) => path.lineTo(x(point.t), y(point.value)));
      pen.strokeStyle = pen.fillStyle = tone;
      pen.stroke(path);
      if (part.length > 1) {
        path.lineTo(x(part.at(-1).t), height - 1);
        path.lineTo(x(part[0].t), height - 1);
        pen.globalAlpha = 0.13;
        pen.fill(path);
        pen.globalAlpha = 1;
      }
      from = i;
    }
    pen.beginPath();
    pen.arc(x(end), y(values.at(-1)), pen.lineWidth * 1.4, 0, 7);
    pen.fill();
  }
}
