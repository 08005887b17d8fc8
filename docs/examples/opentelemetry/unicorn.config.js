// unicorn --workers 4 app.js
// (The file is found by itself; with NODE_OPTIONS, as telemetry.mjs has it, postFork can go.)

/** Before the application is loaded. Not at the top of this file: the arbiter reads it too, and serves nothing. */
export async function postFork() {
  await import('./telemetry.mjs')
}

/** Spans leave in batches: here go the last ones. */
export async function workerExit() {
  const { default: telemetry } = await import('./telemetry.cjs')
  await telemetry.provider.shutdown()
}
