import { channel } from 'node:diagnostics_channel'

/** Carries the paths of files that jiti transpiles, which no hook of Node sees. Only `--reload` subscribes to it. */
export const LOADED = channel('unicorn:loaded')
