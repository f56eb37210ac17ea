/* Names beside their points, in the nearest place that is free; of many points only those on a front are named. */
const NAMED = 24;

function placeNames(root, points, stairs, box) {
  const layer = svg("g", { class: "names" }, root); // above the fronts and all points
  const taken = points.map(({ cx, cy }) => ({ left: cx - 6, right: cx + 6, top: cy - 6, bottom: cy + 6 }));
  const lines = stairs.flatMap((stair) => stair.slice(1).map(([x, y], place) => ({
    left: Math.min(x, stair[place][0]), right: Math.max(x, stair[place][0]), top: Math.min(y, stair[place][1]), bottom: Math.max(y, stair[place][1]),
  })));
  for (const point of points) {
    if (points.length > NAMED && !point.best) continue;
    const text = svg("text", { class: point.best ? "leading" : "", "text-anchor": "middle" }, layer, shortened(point.row.name));
    const { width, height } = text.getBBox();
    const spot = freeSpot(point, width, height, [...taken, ...lines], box) ?? freeSpot(point, width, height, taken, box);
    if (!spot) { text.remove(); continue; }
    taken.push(spot);
    text.setAttribute("x", round((spot.left + spot.right) / 2));
    text.setAttribute("y", round(spot.bottom - height * 0.25));
    layer.insertBefore(svg("rect", { class: "ground", x: round(spot.left - 2), y: round(spot.top), width: round(width + 4), height: round(height) }), text);
    if (spot.far) layer.prepend(leader(point, spot));
  }
}

function leader(point, spot) {
  const end = Math.min(Math.max(point.cx, spot.left), spot.right);
  return svg("path", { class: "leader", d: `M${round(point.cx)} ${round(point.cy)}L${round(end)} ${round(spot.top > point.cy ? spot.top : spot.bottom)}` });
}

const shortened = (name) => name.length > 40 ? `${name.slice(0, 20)}\u2026${name.slice(-19)}` : name;

function freeSpot(point, width, height, taken, box) {
  const directions = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [1, 1], [-1, -1], [-1, 1]];
  for (const distance of [9, 18, 30, 46, 64]) {
    for (const [right, down] of directions) {
      const x = point.cx + right * (distance + width / 2), y = point.cy + down * (distance + height / 2 - 3);
      const spot = { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2, far: distance > 18 };
      const inside = spot.left >= box.left && spot.right <= box.left + box.width + 18 && spot.top >= box.top - 8 && spot.bottom <= box.top + box.height;
      const free = taken.every((other) => spot.left >= other.right || spot.right <= other.left || spot.top >= other.bottom || spot.bottom <= other.top);
      if (inside && free) return spot;
    }
  }
  return null;
}

if (data.costs.length) startScatter();
else {
  find("#scatter").remove();
  find('nav a[href="#scatter"]').remove();
}
