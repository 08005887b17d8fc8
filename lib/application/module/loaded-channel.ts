import { channel } from 'node:diagnostics_channel'

/** Carries the path of each file that jiti transpiles, which no hook of Node sees. It has a subscriber only under `--reload`. */
export const LOADED = channel('unicorn:loaded')
