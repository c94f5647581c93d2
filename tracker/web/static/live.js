// What happens now: one ring, one number, one word.
import { bands, house, listen, nowMs, trouble, watch } from "./feed.js";
import { startSaying } from "./say.js";
import { drawToday } from "./today.js";
import { many, seconds, stretchName } from "./words.js";
import { Wave } from "./wave.js";

const STALE_S = 8; // a worn band says something twice a second; asleep it says nothing, and that is shown
const AGAIN_S = 240; // "other leg" is of use for so long
const element = (id) => document.getElementById(id);
let chosen = null, wave, spoken = "", lock = null;

export function startLive() {
  wave = new Wave(element("wave"));
  listen(changed);
  watch(changed);
  startSaying(() => chosen && { id: chosen, band: bands.get(chosen) });
  element("band").addEventListener("change", (event) => { chosen = event.target.value; wave.clear(); draw(); });
  setInterval(draw, 250);
  draw();
}

function changed(kind, id, data) {
  if (id && element("band").options.length < bands.size) {
    chosen ??= id;
    element("band").replaceChildren(...[...bands.keys()].map((one) => new Option(one, one, false, one === chosen)));
    element("band-choice").hidden = bands.size < 2;
  }
  if (kind === "live" && id === chosen) wave.add(JSON.parse(data), bands.get(id).state?.holding ?? false);
  if (kind === "event" && data.includes('"hold_ended"')) dispatchEvent(new Event("held"));
  if (kind !== "live") draw();
}

function draw() {
  const band = bands.get(chosen), wrong = trouble(band), holding = !wrong && band.state.holding;
  const stale = holding && (band.age() ?? 0) > STALE_S;
  element("ring-box").dataset.state = wrong || stale ? "nosignal" : holding ? "holding" : "resting";
  element("live").dataset.shows = holding ? "hold" : "rest";
  if (wrong) put({ seconds: wrong[0], why: wrong[1], what: band?.today ? "Today" : "" });
  else if (holding) drawHold(band, stale);
  else drawRest(band);
  if (wrong) hear(wrong.join(", "));
  element("pain").disabled = !chosen;
  element("end").disabled = !holding;
  drawStatus(band, wrong);
  drawToday(element("today"), band?.today, !holding);
  keepAwake(holding);
}

function drawHold(band, stale) {
  const { state } = band, held = band.held(), target = state.target_s || 30, share = (held / target) * 100;
  element("ring-fill").style.strokeDasharray = `${Math.min(share, 100)} 100`;
  element("ring-lap").toggleAttribute("data-on", share > 100);
  element("ring-lap").style.strokeDasharray = `${Math.min(Math.max(share - 100, 0), 100)} 100`;
  const word = band.last?.[3], phase = stale || !band.last ? "" : word === "exhale" || word === "inhale" ? word : "breathe";
  const breaths = band.breaths ? ` · ${many(band.breaths, "breath")}` : "";
  put({ side: state.side ?? "", what: stretchName(state.stretch), seconds: String(Math.floor(held)), phase,
    why: stale ? `nothing heard for ${seconds(band.age())}` : share > 100 ? `past ${target} s, as long as it is good` : `of ${target} s${breaths}` });
  const name = `${stretchName(state.stretch)}${state.side ? `, ${state.side}` : ""}`;
  hear(stale ? "nothing heard from the band" : share > 100 ? `${name}, ${target} seconds reached` : `${name}, holding`, name);
}

function drawRest(band) {
  const last = band.state.last_hold, ago = last?.ended_at ? (nowMs() - Date.parse(last.ended_at)) / 1000 : Infinity;
  const held = band.today?.hold_s ?? 0, moving = band.last?.[3] === "moving" && band.age() < STALE_S;
  const other = ago < AGAIN_S ? otherLeg(band, last) : null;
  const what = held ? "Today" : "";
  if (other) put({ side: "other leg", seconds: other, why: `${stretchName(last.stretch)}, when you are ready`, what });
  else put({ side: moving ? "moving" : "at rest", seconds: held ? seconds(held) : "ready", what,
    why: ago < AGAIN_S ? `${held ? "held today · " : ""}last: ${stretchName(last.stretch)}${last.side ? `, ${last.side}` : ""}, ${seconds(last.duration_s)}`
      : held ? "held today" : "exhale and straighten, inhale and relax" });
  hear(other ? `other leg, ${other}` : "at rest");
}

function otherLeg(band, last) {
  const sums = band.today?.stretches?.[last.stretch];
  if (!last.side || !sums) return null;
  const other = last.side === "left" ? "right" : "left";
  return sums[other].hold_s < 0.8 * sums[last.side].hold_s ? other : null;
}

function drawStatus(band, wrong) {
  const signal = wrong?.[0] !== "no signal", age = band?.age(), battery = band?.state?.battery;
  element("link").toggleAttribute("data-on", signal);
  put({ "link-word": signal ? "connected" : house.server ? "no signal" : "no server",
    battery: battery == null ? "" : `battery ${battery} %`,
    age: age == null ? "" : signal && age < STALE_S ? "live" : `last heard ${seconds(age)} ago` });
}

// Only what changed is written; what is not named in the ring and beside it is empty.
function put(texts) {
  const all = "seconds" in texts ? { side: "", what: "", phase: "", ...texts } : texts;
  for (const [id, text] of Object.entries(all)) {
    const box = element(id);
    if (box.textContent === text) continue;
    box.textContent = text;
    if (id === "phase" || id === "side" || id === "seconds") box.dataset.word = text;
  }
}

function hear(words, title = "") {
  if (words === spoken) return;
  element("for-ears").textContent = spoken = words;
  document.title = title ? `${title} · stretchband` : "stretchband";
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
