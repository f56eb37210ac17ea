/* A scale maps values to pixels and back; low and high are the values at its ends. */
function scale(low, high, start, end, logarithmic = false) {
  const to = logarithmic ? Math.log10 : (value) => value;
  const from = logarithmic ? (value) => 10 ** value : (value) => value;
  const first = to(low), span = to(high) - first || 1;
  const map = (value) => start + ((to(value) - first) / span) * (end - start);
  map.back = (pixel) => from(first + ((pixel - start) / (end - start)) * span);
  return Object.assign(map, { low, high, logarithmic });
}

function ticks(axis, count) {
  return axis.logarithmic ? logarithmicTicks(axis.low, axis.high, count) : linearTicks(axis.low, axis.high, count);
}

function linearTicks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, place) => (first + place) * step);
}

function logarithmicTicks(low, high, count) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const each of [1, 2, 5]) {
      const value = each * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  }
  if (found.length < 2) return linearTicks(low, high, count).filter((value) => value > 0);
  const whole = found.filter((value) => Math.abs(Math.log10(value) % 1) < 1e-9);
  return found.length > 2 * count && whole.length > 1 ? whole : found;
}

/* As many decimals as the steps between ticks need. */
function tickText(value, all) {
  const gaps = all.slice(1).map((each, place) => Math.abs(each - all[place]));
  const gap = Math.min(...gaps, Math.abs(value) || Infinity);
  const decimals = Number.isFinite(gap) && gap > 0 ? Math.min(Math.max(0, -Math.floor(Math.log10(gap) + 1e-9)), 8) : 0;
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function axes(root, x, y, box, names) {
  const group = svg("g", { class: "axis", "aria-hidden": "true" }, root);
  const across = ticks(x, box.width / 90).filter((value) => !names.whole || Number.isInteger(value)), up = ticks(y, box.height / 42);
  for (const value of up) {
    svg("path", { d: `M${box.left} ${round(y(value))}h${box.width}` }, group);
    svg("text", { x: box.left - 7, y: round(y(value) + 4), "text-anchor": "end" }, group, tickText(value, up));
  }
  for (const value of across) {
    svg("path", { class: "edge", d: `M${round(x(value))} ${box.top + box.height}v5` }, group);
    svg("text", { x: round(x(value)), y: box.top + box.height + 18, "text-anchor": "middle" }, group, tickText(value, across));
  }
  svg("path", { class: "edge", d: `M${box.left} ${box.top + box.height}h${box.width}` }, group);
  svg("text", { class: "name", x: box.left + box.width, y: box.top + box.height + 34, "text-anchor": "end" }, group, names.x);
  svg("text", { class: "name", x: 0, y: 11 }, group, names.y);
}

const round = (value) => Math.round(value * 10) / 10;

/* A little air around a range; a range of one value gets some too. */
function padded(low, high, share, logarithmic = false) {
  if (logarithmic) {
    const factor = Math.max((high / low) ** share, 1.02);
    return [low / factor, high * factor];
  }
  const margin = (high - low) * share || Math.abs(high) * 0.02 || 1;
  return [low - margin, high + margin];
}
