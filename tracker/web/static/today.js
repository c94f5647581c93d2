// What was held today: each stretch with its two legs, and both legs in all.
import { make, seconds, stretchName, STRETCHES } from "./words.js";

let drawn = "";

// each: also every stretch for itself.
export function drawToday(box, today, each) {
  const key = JSON.stringify([today, each]);
  if (key === drawn) return;
  drawn = key;
  const names = Object.keys(today?.stretches ?? {}).sort((a, b) => rank(a) - rank(b));
  const most = Math.max(1, ...names.map((name) => Math.max(today.stretches[name].left.hold_s, today.stretches[name].right.hold_s)));
  const rows = each ? names.map((name) => row(stretchName(name), today.stretches[name].left.hold_s, today.stretches[name].right.hold_s, most)) : [];
  const left = today?.left_s ?? 0, right = today?.right_s ?? 0;
  box.replaceChildren(...rows, row(rows.length ? "both legs" : "", left, right, Math.max(1, left, right), "all"));
}

const rank = (name) => (STRETCHES.indexOf(name) + 99) % 99;

// The two legs are compared: minutes would be too coarse.
const amount = (s) => (s < 600 ? `${Math.round(s)} s` : seconds(s));

function row(name, left, right, most, kind = "") {
  const bar = (side, s) => {
    const one = make("span", { className: `${side}-bar` });
    one.style.width = `${(100 * s) / most}%`;
    return make("span", { className: `half ${side}`, ariaHidden: "true" }, one);
  };
  const told = (side, s) => make("span", { className: `amount ${side}` }, make("small", { textContent: `${side} ` }), make("b", { textContent: amount(s) }));
  return make("div", { className: `pair ${kind}` }, ...(name ? [make("p", { textContent: name })] : []),
    told("left", left), bar("left", left), bar("right", right), told("right", right));
}
