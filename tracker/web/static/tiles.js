// The history in four numbers.
import { make, many, seconds } from "./words.js";

const DAY_MS = 86_400_000;
const iso = (ms) => new Date(ms).toISOString().slice(0, 10);

export function drawTiles(box, past) {
  const now = new Date(), today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const held = new Map(past.days.map(([date, s]) => [date, s]));
  const monday = today - ((now.getDay() + 6) % 7) * DAY_MS;
  let week = 0;
  for (let day = monday; day <= today; day += DAY_MS) week += held.get(iso(day)) ?? 0;
  // Today may still come: a row of days is not over before it is.
  let row = 0;
  for (let day = held.has(iso(today)) ? today : today - DAY_MS; held.has(iso(day)); day -= DAY_MS) row++;
  const tiles = [["this week", seconds(week)], ["in a row", many(row, "day")], [held.size === 1 ? "day with a hold" : "days with a hold", held.size.toLocaleString()]];
  if (past.longest.length) tiles.push(["longest calm hold", seconds(past.longest[0].duration_s)]);
  box.replaceChildren(...tiles.map(([name, value]) => make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value }))));
}
