// What was: days, weeks, breath, and each session sample by sample.
import { drawTiles } from "./tiles.js";
import { make, many, post, seconds, stretchName, STRETCHES } from "./words.js";

const element = (id) => document.getElementById(id);
const AT_ONCE = 20; // sessions, as the server tells them
const SVG = "http://www.w3.org/2000/svg";
let past = null, oldest = "", open = null, charts = [];

export async function showHistory() {
  // Asked for at once: none of the three waits for another.
  const [answer, sessions] = await Promise.all([fetch("/history"), fetch("/sessions"), loadPlots()]);
  if (answer.status === 401) return location.replace("/login");
  if (!answer.ok) return void (element("something").hidden = true, element("nothing").hidden = false);
  past = await answer.json();
  element("nothing").hidden = past.holds > 0;
  element("something").hidden = !past.holds;
  if (!past.holds) return;
  const years = [...new Set(past.days.map(([date]) => date.slice(0, 4)))].reverse();
  const year = element("year"), before = year.value;
  year.replaceChildren(...(years.length ? years : [String(new Date().getFullYear())]).map((y) => new Option(y, y)));
  if (years.includes(before)) year.value = before;
  year.onchange = drawYear;
  element("sum").textContent = `${many(past.holds, "hold")}, ${seconds(past.hold_s)} in all`;
  drawTiles(element("tiles"), past);
  drawYear();
  drawLongest();
  drawRates();
  element("sessions").replaceChildren();
  if (sessions.ok) listSessions(await sessions.json());
}

element("more").addEventListener("click", moreSessions);
// Charts are painted, and keep the colours of the moment.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.length && showHistory());

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function drawYear() { drawHeat(element("year").value); drawWeeks(element("year").value); }

function drawHeat(year) {
  const held = new Map(past.days.filter(([date]) => date.startsWith(year)).map((day) => [day[0], day]));
  const most = Math.max(300, ...[...held.values()].map((day) => day[1]));
  const first = new Date(Date.UTC(year, 0, 1)), shift = (first.getUTCDay() + 6) % 7;
  const box = element("heat"), wide = 690;
  const root = svg("svg", { viewBox: `0 0 ${wide} 106`, role: "img", "aria-label": `${many(held.size, "day")} with a hold in ${year}` });
  for (let day = new Date(first); day.getUTCFullYear() === first.getUTCFullYear(); day.setUTCDate(day.getUTCDate() + 1)) {
    const index = Math.round((day - first) / 86400000) + shift, date = day.toISOString().slice(0, 10);
    const [, s, n] = held.get(date) ?? [date, 0, 0];
    const cell = svg("rect", { x: 24 + Math.floor(index / 7) * 12.4, y: 16 + (index % 7) * 12.4, width: 10.6, height: 10.6, rx: 2.5,
      fill: s ? "var(--fill)" : "var(--track)", "fill-opacity": s ? 0.25 + 0.75 * Math.min(1, s / most) : 1 });
    cell.append(svg("title", {}, s ? `${date}: ${seconds(s)}, ${many(n, "hold")}` : date));
    if (day.getUTCDate() === 1) root.append(svg("text", { x: 24 + Math.ceil(index / 7) * 12.4, y: 10 }, day.toLocaleString("en", { month: "short", timeZone: "UTC" })));
    root.append(cell);
  }
  ["Mon", "", "Wed", "", "Fri", "", "Sun"].forEach((name, i) => root.append(svg("text", { x: 0, y: 25 + i * 12.4 }, name)));
  box.replaceChildren(root);
  // A phone shows half a year: the half that ends with the last day that was held.
  const last = [...root.querySelectorAll("rect")].findLast((cell) => held.has(cell.textContent.slice(0, 10)));
  if (last) box.scrollLeft = (last.x.baseVal.value + 30) * (box.scrollWidth / wide) - box.clientWidth;
}

function drawWeeks(year) {
  const rows = past.weeks.filter(([monday]) => monday.startsWith(year));
  const most = Math.max(60, ...rows.map(([, , left, right, unknown]) => Math.max(left + unknown / 2, right + unknown / 2)));
  const names = [...new Set(rows.map((row) => row[1]))].sort((a, b) => STRETCHES.indexOf(a) - STRETCHES.indexOf(b));
  const start = Date.UTC(year, 0, 1);
  element("weeks").replaceChildren(...names.map((name) => {
    const root = svg("svg", { viewBox: "0 0 330 100", role: "img", "aria-label": `${stretchName(name)}, held each week of ${year}, left and right, at most ${seconds(most)}` });
    root.append(svg("line", { x1: 0, x2: 330, y1: 50, y2: 50, stroke: "var(--line)" }));
    let sum = 0;
    for (const [monday, stretch, left, right, unknown] of rows) {
      if (stretch !== name) continue;
      sum += left + right + unknown;
      const x = 4 + ((Date.parse(monday) - start) / 604800000) * 6.1;
      const bar = (s, y, height, fill) => s && root.append(svg("rect", { x, y, width: 4.6, height, rx: 1.5, fill }, svg("title", {}, `week of ${monday}: left ${seconds(left)}, right ${seconds(right)}${unknown ? `, leg not known ${seconds(unknown)}` : ""}`)));
      const up = (left / most) * 46, down = (right / most) * 46, either = (unknown / most) * 23;
      bar(left, 49 - up, up, "var(--left)");
      bar(right, 51, down, "var(--right)");
      bar(unknown, 49 - up - either, either, "var(--soft)");
    }
    return make("div", {}, make("p", { textContent: stretchName(name) }, make("span", { textContent: `${seconds(sum)} in ${year}` })), root);
  }));
}

function drawLongest() {
  element("longest").replaceChildren(...past.longest.slice(0, 8).map((one) => make("li", {},
    `${stretchName(one.stretch)}${one.side ? `, ${one.side}` : ""}`, make("b", { textContent: seconds(one.duration_s) }),
    make("span", { textContent: new Date(one.started_at).toLocaleDateString([], { dateStyle: "medium" }) }))));
}

async function loadPlots() {
  if (window.uPlot) return;
  document.head.append(make("link", { rel: "stylesheet", href: "/static/uPlot.min.css" }));
  await new Promise((done, failed) => document.head.append(make("script", { src: "/static/uPlot.iife.min.js", onload: done, onerror: failed })));
  new ResizeObserver(() => charts.forEach(({ plot, box }) => plot.setSize({ width: box.clientWidth, height: plot.height }))).observe(element("history"));
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function draw(id, height, options, data) {
  const box = element(id);
  charts = charts.filter((chart) => chart.box !== box);
  box.replaceChildren();
  const axis = { font: "12px Figtree, sans-serif", stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  options.axes = (options.axes ?? [{}, {}]).map((more) => ({ ...axis, ...more }));
  const plot = new uPlot({ width: Math.max(box.clientWidth, 240), height, legend: { show: false }, ...options }, data, box);
  charts.push({ plot, box });
}

function drawRates() {
  if (!past.months.length) return element("rates").replaceChildren(make("p", { className: "key", textContent: "Not known yet." }));
  element("rates").ariaLabel = `Breaths a minute by month, ${past.months[0][1].toFixed(1)} at first, ${past.months.at(-1)[1].toFixed(1)} at last`;
  const at = past.months.map(([month]) => Date.parse(`${month}-15`) / 1000), rates = past.months.map((month) => month[1]);
  // At least eight months, up to the end of the last: uPlot gives one month alone an axis of years.
  const to = at.at(-1) + 1.3e6, wide = () => [Math.min(at[0], to - 2e7), to];
  draw("rates", 190, { scales: { x: { range: wide }, y: { range: (_, low, high) => [Math.max(0, low - 1), high + 1] } },
    series: [{}, { stroke: colour("--fill"), width: 2, points: { show: true, size: 6, fill: colour("--fill") } }] }, [at, rates]);
}

async function moreSessions() {
  const answer = await fetch(`/sessions?before=${encodeURIComponent(oldest)}`);
  if (answer.ok) listSessions(await answer.json());
}

function listSessions(found) {
  oldest = found.at(-1)?.started_at ?? oldest;
  element("more").hidden = found.length < AT_ONCE;
  element("sessions").append(...found.map((one) => make("li", {}, make("button", { type: "button", onclick: () => showSession(one.session_id) },
    make("b", { textContent: new Date(one.started_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) }),
    `${many(one.holds, "hold")}, ${seconds(one.hold_s)} `, make("span", { textContent: [one.reps && many(one.reps, "straightening"), one.pains && (one.pains > 1 ? `it hurt ${one.pains} times` : "it hurt")].filter(Boolean).join(" · ") })))));
}

async function showSession(id) {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const [told, angles] = await Promise.all([fetch(path).then((a) => a.json()), fetch(`${path}/angles`).then((a) => a.arrayBuffer())]);
  open = told;
  element("session").hidden = false;
  element("kept").replaceChildren();
  element("session-chart").ariaLabel = `The leg through the session, sample by sample, with ${many(told.holds.length, "hold")} and ${many(told.breaths.length, "breath")}`;
  element("session-title").textContent = new Date(told.started_at).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
  drawSession(told, new Float32Array(angles));
  listHolds(told);
  element("session").focus();
  element("session").scrollIntoView({ block: "start" });
}

const clock = (s) => (s < 0 ? "" : `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, "0")}`);

function drawSession(told, pairs) {
  const t = new Float64Array(pairs.length / 2), degrees = new Float32Array(pairs.length / 2);
  for (let i = 0; i < t.length; i++) { t[i] = pairs[2 * i]; degrees[i] = pairs[2 * i + 1]; }
  const shade = (u) => {
    const { left, top, width, height } = u.bbox, pen = u.ctx;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    for (const [i, hold] of told.holds.entries()) {
      const from = u.valToPos(hold.start_s - told.start_s, "x", true), to = u.valToPos(hold.end_s - told.start_s, "x", true);
      pen.fillStyle = colour("--hold");
      pen.fillRect(from, top, to - from, height);
      pen.fillStyle = colour("--ink");
      pen.font = `600 ${13 * devicePixelRatio}px Figtree, sans-serif`;
      pen.fillText(i + 1, from + 5 * devicePixelRatio, top + height - 12 * devicePixelRatio);
    }
    pen.fillStyle = colour("--lap");
    for (const breath of told.breaths) {
      const from = u.valToPos(breath.exhale_start_s - told.start_s, "x", true), to = u.valToPos(breath.exhale_end_s - told.start_s, "x", true);
      pen.fillRect(from, top + height - 6, to - from, 6);
    }
    pen.fillStyle = colour("--right");
    for (const pain of told.pains) pen.fillRect(u.valToPos(pain.t_s - told.start_s, "x", true) - devicePixelRatio, top, 2 * devicePixelRatio, height);
    pen.restore();
  };
  draw("session-chart", 300, { hooks: { drawClear: [shade] }, scales: { x: { time: false }, y: { range: [0, 180] } },
    axes: [{ incrs: [5, 10, 30, 60, 120, 300, 600, 1800], values: (_, ticks) => ticks.map(clock) }, { incrs: [45], values: (_, ticks) => ticks.map((degrees) => `${degrees}°`) }],
    series: [{}, { stroke: colour("--ink"), width: 1.2 }] }, [t, degrees]);
}

// A hold that is too short to count is gone; what hurt in it is not.
function listPains(told, shown) {
  element("session-pains").replaceChildren(...told.pains.filter((pain) => !shown.has(pain)).map((pain) => make("li", {},
    make("b", { textContent: `It hurt at ${clock(pain.t_s - told.start_s) || "0:00"}` }), make("span", { textContent: pain.note ?? "" }))));
}

function listHolds(told) {
  const ended = (hold) => told.pains.find((pain) => hold.reason === "pain" && pain.t_s >= hold.start_s && pain.t_s <= hold.end_s + 5);
  listPains(told, new Set(told.holds.map(ended)));
  element("session-holds").replaceChildren(...told.holds.map((hold, i) => {
    const name = stretchName(hold.stretch ?? hold.measured_stretch), side = hold.side ?? hold.measured_side;
    const facts = [hold.breaths != null && many(hold.breaths, "breath"), hold.breath_rate_bpm && `${hold.breath_rate_bpm.toFixed(1)} a minute`,
      hold.reason === "pain" && "it hurt", ended(hold)?.note, (hold.stretch || hold.side) && `measured: ${stretchName(hold.measured_stretch)}${hold.measured_side ? `, ${hold.measured_side}` : ""}`, hold.note];
    return make("li", {}, make("i", { textContent: i + 1 }), make("b", { className: hold.deleted ? "gone" : "", textContent: `${name}${side ? `, ${side}` : ""}: ${seconds(hold.duration_s)}` }),
      make("span", { textContent: facts.filter(Boolean).join(" · ") }),
      make("button", { type: "button", textContent: "Correct", ariaLabel: `Correct ${name}`, onclick: () => ask(hold) }));
  }));
}

function ask(hold) {
  const stretches = [...new Set([...STRETCHES, ...past.weeks.map((week) => week[1])])];
  element("c-stretch").replaceChildren(new Option("as measured", ""), ...stretches.map((name) => new Option(stretchName(name), name)));
  element("measured").textContent = `Measured: ${stretchName(hold.measured_stretch)}${hold.measured_side ? `, ${hold.measured_side}` : ", leg not known"}, ${seconds(hold.duration_s)}. This is kept beside what you say.`;
  element("c-stretch").value = hold.stretch ?? "";
  element("c-side").value = hold.side ?? "";
  element("c-deleted").checked = Boolean(hold.deleted);
  element("c-note").value = hold.note ?? "";
  element("c-error").textContent = "";
  const before = { stretch: hold.stretch, side: hold.side, deleted: Boolean(hold.deleted), note: hold.note };
  element("c-measured").hidden = !(before.stretch || before.side || before.deleted || before.note);
  const dialog = element("correction");
  element("correction-form").onsubmit = async (event) => {
    if (event.submitter?.value === "cancel") return;
    event.preventDefault();
    const said = event.submitter?.value === "measured" ? {} : { stretch: element("c-stretch").value || null, side: element("c-side").value || null,
      deleted: element("c-deleted").checked, note: element("c-note").value.trim() || null };
    try {
      await keep(hold, said);
    } catch (error) {
      element("c-error").textContent = error.message;
      return;
    }
    dialog.close();
    element("kept").append(event.submitter?.value === "measured" ? "As measured again." : "Kept beside what was measured.",
      make("button", { type: "button", textContent: "Undo", onclick: () => keep(hold, before).then(() => element("kept").append("As before.")) }));
  };
  dialog.showModal();
}

async function keep(hold, said) {
  await post(`/holds/${encodeURIComponent(hold.hold_id)}`, JSON.stringify(said));
  const shown = open.session_id;
  await showHistory();
  await showSession(shown);
}
