// Asks face_expression_model of @vladmandic/face-api about grey crops: node ask.mjs CROPS SIDE SCORES
// CROPS: uint8 (n, SIDE, SIDE); SCORES: float32 (n, 7), in the order of ferbeam. See README.md here.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const folderOf = (name) => path.dirname(require.resolve(`${name}/package.json`));

const AT_ONCE = 32;
const INPUT_SIDE = 112;
const MEAN_RGB = [122.782, 117.001, 104.298];
// The model says neutral, happy, sad, angry, fearful, disgusted, surprised.
const FERBEAM_ORDER = [3, 5, 4, 1, 0, 2, 6];

wasm.setWasmPaths(path.join(folderOf('@tensorflow/tfjs-backend-wasm'), 'dist/'));
await tf.setBackend('wasm');

function loadWeights() {
  const folder = path.join(folderOf('@vladmandic/face-api'), 'model');
  const [{ weights, paths }] = JSON.parse(
    fs.readFileSync(path.join(folder, 'face_expression_model-weights_manifest.json')));
  const bytes = fs.readFileSync(path.join(folder, paths[0]));
  return tf.io.decodeWeights(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), weights);
}

const weights = loadWeights();

function separable(x, name, stride) {
  const filters = [weights[`${name}/depthwise_filter`], weights[`${name}/pointwise_filter`]];
  return tf.add(tf.separableConv2d(x, ...filters, stride, 'same'), weights[`${name}/bias`]);
}

function denseBlock(x, name, isFirst) {
  const entry = isFirst
    ? tf.add(tf.conv2d(x, weights[`${name}/conv0/filters`], 2, 'same'), weights[`${name}/conv0/bias`])
    : separable(x, `${name}/conv0`, 2);
  const sums = [tf.relu(entry)];
  for (const layer of [1, 2, 3]) {
    const before = layer === 1 ? sums[0] : tf.relu(tf.addN(sums));
    sums.push(separable(before, `${name}/conv${layer}`, 1));
  }
  return tf.relu(tf.addN(sums));
}

function ask(crops) {
  return tf.tidy(() => {
    const large = tf.image.resizeBilinear(tf.tile(tf.cast(crops, 'float32'), [1, 1, 1, 3]), [INPUT_SIDE, INPUT_SIDE]);
    let x = tf.div(tf.sub(large, tf.tensor1d(MEAN_RGB)), 255);
    for (const block of [0, 1, 2, 3]) x = denseBlock(x, `dense${block}`, block === 0);
    x = tf.avgPool(x, 7, 2, 'valid').reshape([crops.shape[0], -1]);
    const scores = tf.softmax(tf.add(tf.matMul(x, weights['fc/weights']), weights['fc/bias']));
    return tf.gather(scores, FERBEAM_ORDER, 1);
  });
}

const [source, sideText, target] = process.argv.slice(2);
const side = Number(sideText);
const pixels = fs.readFileSync(source);
const count = pixels.length / side ** 2;
if (!Number.isInteger(count)) throw new Error(`${source}: does not hold whole crops of ${side} x ${side}`);
const out = fs.openSync(target, 'w');
for (let first = 0; first < count; first += AT_ONCE) {
  const some = Math.min(AT_ONCE, count - first);
  const bytes = pixels.subarray(first * side ** 2, (first + some) * side ** 2);
  const crops = tf.tensor4d(bytes, [some, side, side, 1], 'int32');
  const scores = ask(crops);
  fs.writeSync(out, new Uint8Array((await scores.data()).buffer));
  tf.dispose([crops, scores]);
}
fs.closeSync(out);
