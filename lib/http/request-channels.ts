import { channel } from 'node:diagnostics_channel'

/** For tracers and others that watch requests of engines without node:http. A message is the exchange. */
export const started = channel('unicorn.request.start')
export const ended = channel('unicorn.request.finish')
