// What happens now: one ring, one number, one word.
import { post, seconds, stretchName } from "./words.js";
import { Wave } from "./wave.js";

const STALE_S = 8; // a worn band says something twice a second; asleep it says nothing, and that is shown
const AGAIN_S = 240; // "other leg" is of use for so long
const element = (id) => document.getElementById(id);

class Band {
  constructor() { this.state = null; this.today = null; this.available = false; this.last = null; this.heardMs = 0; }
}

const bands = new Map();
const house = { server: false, broker: "offline", bridge: "offline" };
let chosen = null, aheadMs = 0, wave, spoken = "", lock = null;

const band = () => bands.get(chosen);
const nowMs = () => Date.now() + aheadMs;

export function startLive() {
  wave = new Wave(element("wave"));
  listen();
  element("pain").addEventListener("click", () => say("pain", "{}", "Logged. The hold is over: rest, and go easier."));
  element("end").addEventListener("click", () => say("end", "", "The hold is over."));
  element("band").addEventListener("change", (event) => { chosen = event.target.value; wave.clear(); draw(); });
  setInterval(draw, 250);
  draw();
}

function listen() {
  const source = new EventSource("/live");
  const on = (kind, take) => source.addEventListener(kind, (event) => {
    const cut = event.data.indexOf("\n");
    take(event.data.slice(0, cut), event.data.slice(cut + 1));
  });
  source.onopen = () => { house.server = true; };
  source.onerror = () => {
    house.server = false;
    if (source.readyState !== EventSource.CLOSED) return;
    fetch("/history", { method: "HEAD" }).then((answer) => {
      if (answer.status === 401) location.replace("/login");
      else setTimeout(listen, 3000);
    }, () => setTimeout(listen, 3000));
  };
  on("clock", (_, data) => { aheadMs = Number(data) * 1000 - Date.now(); });
  on("broker", (_, data) => { house.broker = data; });
  on("bridge/state", (_, data) => { house.bridge = data; });
  on("availability", (id, data) => { known(id).available = data === "online"; });
  on("state", (id, data) => { if (data) known(id).state = JSON.parse(data); draw(); });
  on("today", (id, data) => { if (data) known(id).today = JSON.parse(data); });
  on("event", (id, data) => happened(id, JSON.parse(data)));
  on("live", (id, data) => {
    const points = JSON.parse(data);
    known(id).last = points.at(-1);
    known(id).heardMs = Date.now();
    if (id === chosen) wave.add(points, band().state?.holding ?? false);
  });
}

function known(id) {
  if (!bands.has(id)) {
    bands.set(id, new Band());
    chosen ??= id;
    element("band").add(new Option(id, id));
    element("band-choice").hidden = bands.size < 2;
  }
  return bands.get(id);
}

function happened(id, event) {
  if (id !== chosen) return;
  if (event.event === "hold_ended") { wave.mark(null); }
  if (event.event === "breath") wave.mark(event.number);
}

async function say(command, payload, done) {
  const said = element("said");
  try {
    await post(`/bands/${encodeURIComponent(chosen)}/${command}`, payload);
    said.textContent = done;
  } catch (error) {
    said.textContent = `Not heard: ${error.message}`;
  }
  setTimeout(() => { said.textContent = ""; }, 6000);
}

function trouble() {
  if (!house.server) return ["no signal", "this page has lost its server"];
  if (house.broker !== "online") return ["no signal", "the broker cannot be reached"];
  if (house.bridge !== "online") return ["no signal", "stretchband run is not running"];
  const one = band();
  if (!one?.state) return ["no signal", "no band has been heard yet"];
  if (!one.available || !one.state.connected) return ["no signal", "the band is out of reach"];
  if (one.state.worn === false) return ["put the band on", "outer ankle, arrow to the knee"];
  return null;
}

function draw() {
  const one = band(), state = one?.state, wrong = trouble(), box = element("ring-box");
  drawStatus(one, wrong);
  keepAwake(Boolean(state?.holding) && !wrong);
  const holding = !wrong && state.holding;
  box.dataset.state = wrong ? "nosignal" : holding ? "holding" : "resting";
  element("pain").disabled = element("end").disabled = !chosen;
  if (wrong) put(["", wrong[0], "", wrong[1]]);
  else if (holding) drawHold(one, state);
  else drawRest(one);
  drawBalance(one);
}

function drawHold(one, state) {
  const held = Math.max(0, (nowMs() - Date.parse(state.started_at)) / 1000);
  const target = state.target_s || 30, share = (held / target) * 100;
  element("ring-fill").style.strokeDasharray = `${Math.min(share, 100)} 100`;
  const lap = element("ring-lap");
  lap.toggleAttribute("data-on", share > 100);
  lap.style.strokeDasharray = `${Math.min(Math.max(share - 100, 0), 100)} 100`;
  const fresh = Date.now() - one.heardMs < STALE_S * 1000, phase = fresh ? one.last?.[3] : "";
  const breathing = phase === "exhale" || phase === "inhale";
  element("phase").dataset.phase = phase ?? "";
  const side = state.side ? `, ${state.side}` : "";
  put([stretchName(state.stretch) + side, String(Math.floor(held)), breathing ? phase : "",
    share > 100 ? `past ${target} s, as long as it is good` : `to ${target} s`]);
  hear(`${stretchName(state.stretch)}${side}, holding`);
}

function drawRest(one) {
  const last = one.state.last_hold, ago = last?.ended_at ? (nowMs() - Date.parse(last.ended_at)) / 1000 : Infinity;
  const today = one.today?.hold_s ?? 0, moving = one.last?.[3] === "moving";
  const other = ago < AGAIN_S ? otherLeg(one, last) : null;
  if (other) put(["other leg", other, "", `${stretchName(last.stretch)}, when you are ready`]);
  else put([moving ? "moving" : "at rest", today ? `${seconds(today)} today` : "ready", "",
    ago < AGAIN_S ? `last: ${stretchName(last.stretch)}${last.side ? ", " + last.side : ""}, ${seconds(last.duration_s)}` : "exhale and straighten, inhale and relax"]);
  hear(other ? `other leg, ${other}` : "at rest");
}

function otherLeg(one, last) {
  const sums = one.today?.stretches?.[last.stretch];
  if (!last.side || !sums) return null;
  const other = last.side === "left" ? "right" : "left";
  return sums[other].hold_s < 0.8 * sums[last.side].hold_s ? other : null;
}

function drawBalance(one) {
  const left = one?.today?.left_s ?? 0, right = one?.today?.right_s ?? 0;
  element("left-s").textContent = seconds(left);
  element("right-s").textContent = seconds(right);
  element("left-bar").style.flexGrow = left;
  element("right-bar").style.flexGrow = right;
}

function drawStatus(one, wrong) {
  const link = !wrong || wrong[0] !== "no signal";
  element("link").toggleAttribute("data-on", link);
  element("link-word").textContent = link ? "connected" : "no signal";
  const battery = one?.state?.battery;
  element("battery").textContent = battery == null ? "" : `battery ${battery} %`;
  const age = one?.heardMs ? (Date.now() - one.heardMs) / 1000 : null;
  element("age").textContent = age == null ? "" : age < STALE_S ? "live" : `last heard ${seconds(age)} ago`;
}

function put(texts) {
  ["what", "seconds", "phase", "why"].forEach((id, i) => {
    if (element(id).textContent !== texts[i]) element(id).textContent = texts[i];
  });
}

function hear(words) {
  if (words !== spoken) element("for-ears").textContent = spoken = words;
}

async function keepAwake(on) {
  if (!("wakeLock" in navigator)) return;
  if (on && !lock) {
    lock = "asked";
    lock = await navigator.wakeLock.request("screen").catch(() => null);
    lock?.addEventListener("release", () => { lock = null; });
  } else if (!on && lock?.release) {
    lock.release();
  }
}
