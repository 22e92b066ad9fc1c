import type { MapShape } from '../model/network.js';
import type { Walk, Window } from './registers.js';

/** The walk over a map that leaves in tiles of `tilePixels` pixels and groups of `group` channels. */
export function mapWalk(
  { height, width, channels }: MapShape,
  tilePixels: number,
  group: number,
): Walk {
  const tiles = Math.ceil(width / tilePixels);
  const lanes = Math.ceil(channels / group) * group;
  return {
    ...{ tilePixels, channels, lanes, tiles, width },
    rows: height,
    steps: {
      pixel: channels,
      channel: 1 - (tilePixels - 1) * channels,
      tile: channels - lanes + 1,
      row: (width - tiles * tilePixels + 1) * channels - lanes + 1,
    },
  };
}

/** The walk over logits: two halves each, as if they were pixels. */
export function logitWalk(classes: number, group: number): Walk {
  return {
    ...{ tilePixels: 2, channels: classes, tiles: 1, width: 2, rows: 1 },
    lanes: Math.ceil(classes / group) * group,
    steps: { pixel: 1, channel: 1, tile: 0, row: 0 },
  };
}

/** Windows of a map, at every position of a convolution. */
export function mapWindow(
  map: MapShape,
  size: number,
  stride: number,
  columns: number,
): Pick<
  Window,
  'first' | 'width' | 'height' | 'channels' | 'map' | 'stride' | 'padding' | 'steps'
> {
  const { width, channels } = map;
  const padding = size === 2 ? 0 : size >> 1;
  const reach = size - 1;
  const row = width * channels;
  return {
    first: -padding * (row + channels),
    ...{ width: size, height: size, channels, map, stride, padding },
    steps: {
      x: channels,
      y: row - reach * channels,
      channel: 1 - reach * (channels + row),
      column: stride * channels - reach * (channels + row) - (channels - 1),
      row: stride * (row - (columns - 1) * channels) - reach * (channels + row) - (channels - 1),
    },
  };
}

/** A whole map as one window, once a channel. */
export function wholeMap(map: MapShape): ReturnType<typeof mapWindow> {
  const { height, width, channels } = map;
  return {
    first: 0,
    ...{ width, height, map, stride: 0, padding: 0, channels: 1 },
    steps: {
      x: channels,
      y: channels,
      channel: 0,
      column: 1 - (width * height - 1) * channels,
      row: 0,
    },
  };
}

/** All channels of a map of one position. */
export function onePosition(map: MapShape): ReturnType<typeof mapWindow> {
  return {
    first: 0,
    ...{ width: 1, height: 1, map, stride: 0, padding: 0, channels: map.channels },
    steps: { x: 0, y: 0, channel: 1, column: 0, row: 0 },
  };
}
