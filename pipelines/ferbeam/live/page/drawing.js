// Draws onto the page's canvases: the picture, what lies on the faces, and the strip of a minute.
import { percentOf } from "./words.js";

const COVER = 1.7, CORNER = 1.5; // diameter of a cover in sides of the box, more in a corner of the frame, as in annotated copies
const HOLD_MS = 1000; // for so long a cover stays where a face was seen last, as in annotated copies

function fit(canvas, width, height) {
  const density = Math.min(2, window.devicePixelRatio || 1);
  const wide = Math.max(width, Math.round(canvas.clientWidth * density));
  const size = [wide, Math.round((wide * height) / width)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  return wide / width;
}

export function drawPicture(stage, picture, mirror) {
  const scale = fit(stage, picture.width, picture.height), pen = stage.getContext("2d");
  stage.parentElement.style.aspectRatio = `${picture.width} / ${picture.height}`;
  pen.setTransform(mirror ? -scale : scale, 0, 0, scale, mirror ? stage.width : 0, 0);
  pen.drawImage(picture, 0, 0);
  pen.setTransform(1, 0, 0, 1, 0, 0);
}

// Returns the faces that were seen lately and are not in this answer; `lately` goes from track to face.
export function holdFaces(lately, faces, now) {
  for (const face of faces) lately.set(face.track_id, { face, at: now });
  for (const [track, { at }] of lately) if (at < now - HOLD_MS) lately.delete(track);
  return [...lately.values()].filter(({ at }) => at < now).map(({ face }) => face);
}

export function drawFaces(stage, picture, faces, view) {
  const scale = stage.width / picture.width, pen = stage.getContext("2d");
  const placed = (face) => {
    const left = view.mirror ? picture.width - face.x - face.width : face.x;
    return { face, x: left * scale, y: face.y * scale, width: face.width * scale, height: face.height * scale };
  };
  const places = faces.map(placed);
  // A face that is missed in one frame must not be bare in it.
  if (view.cover) for (const face of view.held) drawCover(pen, placed(face), view);
  for (const place of places) (view.cover ? drawCover : drawCorners)(pen, place, view);
  for (const place of places) drawLabel(pen, place, view, stage);
}

function coverSide({ width, height }, { x, y, width: wide, height: high }) {
  const cut = (x <= 0 || x + wide >= width) && (y <= 0 || y + high >= height);
  return COVER * Math.max(wide, high) * (cut ? CORNER : 1);
}

function drawCover(pen, place, view) {
  const { face, x, y, width, height } = place;
  const side = coverSide(pen.canvas, place), middle = [x + width / 2, y + height / 2];
  pen.fillStyle = view.hello.colours[face.emotion];
  pen.beginPath();
  pen.arc(...middle, side / 2, 0, 2 * Math.PI);
  pen.fill();
  const emoji = view.emoji[face.emotion];
  if (emoji.complete && emoji.naturalWidth) pen.drawImage(emoji, middle[0] - side / 2, middle[1] - side / 2, side, side);
}

function drawCorners(pen, { face, x, y, width, height }, view) {
  const arm = 0.24 * Math.min(width, height), thick = Math.max(2, Math.min(pen.canvas.width, pen.canvas.height) / 150);
  const corners = [[x, y, 1, 1], [x + width, y, -1, 1], [x, y + height, 1, -1], [x + width, y + height, -1, -1]];
  for (const [colour, wide] of [["#0009", thick + 2], [view.hello.colours[face.emotion], thick]]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: wide, lineCap: "round", lineJoin: "round" });
    pen.beginPath();
    for (const [left, top, across, down] of corners) {
      pen.moveTo(left + across * arm, top);
      pen.lineTo(left, top);
      pen.lineTo(left, top + down * arm);
    }
    pen.stroke();
  }
}

function drawLabel(pen, place, view, stage) {
  const { face, x, y, width, height } = place;
  const size = Math.max(13, Math.min(stage.width, stage.height) / 22), mark = view.cover ? 0 : 1.7 * size, gap = 0.4 * size;
  pen.font = `600 ${size}px system-ui, sans-serif`;
  const text = `${view.hello.names[view.lang][face.emotion]} ${percentOf(face.confidence, view.lang)}`;
  const wide = pen.measureText(text).width + mark + 2 * gap, high = 1.7 * size;
  const reach = view.cover ? (coverSide(stage, place) - height) / 2 : 0.4 * size;
  const left = Math.max(0, Math.min(x + (width - wide) / 2, stage.width - wide));
  const above = y - reach - high - 4;
  const top = above >= 0 ? above : Math.min(y + height + reach + 4, stage.height - high);
  pen.fillStyle = "#14161acc";
  pen.beginPath();
  pen.roundRect(left, top, wide, high, high / 2);
  pen.fill();
  const emoji = view.emoji[face.emotion];
  if (mark && emoji.complete && emoji.naturalWidth) pen.drawImage(emoji, left - 0.1 * size, top - 0.05 * size, 1.8 * size, 1.8 * size);
  Object.assign(pen, { fillStyle: "#fff", textBaseline: "middle" });
  pen.fillText(text, left + mark + gap, top + high / 2);
}

export function drawStrip(strip, history, now, length, colours) {
  const density = Math.min(2, window.devicePixelRatio || 1), size = [strip.clientWidth * density, strip.clientHeight * density].map(Math.round);
  if (strip.width !== size[0] || strip.height !== size[1]) [strip.width, strip.height] = size;
  const pen = strip.getContext("2d"), place = (at) => strip.width * (1 - (now - at) / length);
  pen.clearRect(0, 0, strip.width, strip.height);
  history.forEach((one, index) => {
    if (one.emotion < 0) return;
    const end = history[index + 1]?.at ?? now, x = place(one.at), high = strip.height * one.confidence;
    pen.fillStyle = colours[one.emotion];
    pen.fillRect(x, strip.height - high, Math.max(1, place(end) - x) + 0.5, high);
  });
}
