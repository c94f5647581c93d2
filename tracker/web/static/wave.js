// The leg's own movement over the last half minute; drawn when there is something new to draw.
const SHOWN_S = 30;
const LEAST_DEG = 2; // a leg at rest is a line, not a storm

export class Wave {
  constructor(canvas) {
    this.canvas = canvas;
    this.points = [];
    this.marks = [];
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() { this.points = []; this.marks = []; this.draw(); }

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

  mark(number) {
    this.marks = number == null ? [] : [...this.marks, { number, t: this.points.at(-1)?.t ?? 0 }];
  }

  draw() {
    const ratio = devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = this.canvas;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const pen = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    pen.scale(ratio, ratio);
    const holding = this.points.at(-1)?.holding ?? false;
    // Within a hold the breath fills the height; before it the way of the leg does.
    const points = this.points.filter((point) => point.value != null && point.holding === holding);
    if (points.length < 2) return;
    const values = points.map((point) => point.value), end = points.at(-1).t;
    const middle = (Math.min(...values) + Math.max(...values)) / 2;
    const half = Math.max(LEAST_DEG, Math.max(...values) - Math.min(...values)) / 2;
    const x = (t) => width * (1 - (end - t) / SHOWN_S);
    const y = (value) => height / 2 - ((value - middle) / half) * (height / 2 - 8);
    pen.lineWidth = 4;
    pen.lineJoin = pen.lineCap = "round";
    let phase = null;
    points.forEach((point, i) => {
      if (point.phase !== phase) {
        if (i) { pen.lineTo(x(point.t), y(point.value)); pen.stroke(); }
        phase = point.phase;
        pen.beginPath();
        pen.strokeStyle = style.getPropertyValue(phase === "inhale" ? "--lap" : phase === "exhale" ? "--fill" : "--soft");
      }
      if (i && phase === points[i - 1].phase) pen.lineTo(x(point.t), y(point.value));
      else pen.moveTo(x(point.t), y(point.value));
    });
    pen.stroke();
  }
}
