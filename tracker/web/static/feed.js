// What the server tells, as it stands now: the house, and each band.
const SILENT_MS = 12_000; // the server says something each 5 s, whatever happens

export class Band {
  constructor() {
    this.state = this.today = this.last = this.start = null;
    this.available = false;
    this.heardMs = this.breaths = 0;
  }

  // Seconds since the band was last heard; null: never yet.
  age() { return this.heardMs ? (Date.now() - this.heardMs) / 1000 : null; }

  hear(points) {
    if (this.state?.holding) this.start ??= points[0][0] - this.wall();
    this.last = points.at(-1);
    this.heardMs = Date.now();
  }

  wall() { return this.state.started_at ? Math.max(0, (nowMs() - Date.parse(this.state.started_at)) / 1000) : 0; }

  // Seconds of the hold by the band's own clock, however late or fast its words come. Between them
  // it goes on for a second; by the house's clock where nothing live is heard.
  held() {
    if (!this.last) return this.wall();
    this.start ??= this.last[0] - this.wall();
    return Math.max(0, this.last[0] + Math.min(this.age(), 1) - this.start);
  }
}

export const bands = new Map();
export const house = { server: false, broker: "offline", bridge: "offline" };
let aheadMs = 0, source = null, toldMs = Date.now();

export const nowMs = () => Date.now() + aheadMs;

export function known(id) {
  if (!bands.has(id)) bands.set(id, new Band());
  return bands.get(id);
}

export function listen(changed) {
  source?.close();
  source = new EventSource("/live");
  const on = (kind, take) => source.addEventListener(kind, (event) => {
    const cut = event.data.indexOf("\n"), id = event.data.slice(0, cut), data = event.data.slice(cut + 1);
    toldMs = Date.now();
    house.server = true;
    take(id, data);
    changed(kind, id, data);
  });
  source.onerror = () => {
    house.server = false;
    if (source.readyState === EventSource.CLOSED) again(changed);
  };
  on("clock", (_, data) => { aheadMs = Number(data) * 1000 - Date.now(); });
  on("broker", (_, data) => { house.broker = data; });
  on("bridge/state", (_, data) => { house.bridge = data; });
  on("availability", (id, data) => { known(id).available = data === "online"; });
  on("state", (id, data) => { if (data) stands(known(id), JSON.parse(data)); });
  on("today", (id, data) => { if (data) known(id).today = JSON.parse(data); });
  on("event", (id, data) => happened(known(id), JSON.parse(data)));
  on("live", (id, data) => known(id).hear(JSON.parse(data)));
}

// A server that hangs, or a tablet out of the house, closes nothing: silence tells.
export function watch(changed) {
  setInterval(() => {
    if (Date.now() - toldMs < SILENT_MS) return;
    house.server = false;
    toldMs = Date.now();
    listen(changed);
  }, 1000);
}

function again(changed) {
  fetch("/history", { method: "HEAD" }).then((answer) => {
    if (answer.status === 401) location.replace("/login");
    else setTimeout(listen, 3000, changed);
  }, () => setTimeout(listen, 3000, changed));
}

function stands(band, state) {
  if (state.started_at !== band.state?.started_at) {
    band.start = null;
    band.breaths = 0;
  }
  band.state = state;
}

function happened(band, event) {
  if (event.event === "hold_started") band.start = event.start_s;
  if (event.event === "breath" || event.event === "late_breath") band.breaths = event.number;
}

// What is between the leg and this page; null: nothing.
export function trouble(band) {
  if (!house.server) return ["no signal", "this page has lost its server"];
  if (house.broker !== "online") return ["no signal", "the broker cannot be reached"];
  if (house.bridge !== "online") return ["no signal", "stretchband run is not running"];
  if (!band?.state) return ["no signal", "no band has been heard yet"];
  if (!band.available || !band.state.connected) return ["no signal", "the band is out of reach"];
  if (band.state.worn === false) return ["put the band on", "outer ankle, arrow to the knee"];
  return null;
}
