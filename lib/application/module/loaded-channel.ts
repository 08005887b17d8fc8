import { channel } from 'node:diagnostics_channel'

/** The path of each file whose code is made here, which no hook of Node's sees. Nobody listens, but under `--reload`. */
export const LOADED = channel('unicorn:loaded')
