import { execFile } from 'node:child_process'

/** In milliseconds. Linking a large application takes a second. */
const TIME_LIMIT = 10_000

/** A module that ends the process before anything else runs: by then Node has compiled and linked every module. */
const END = "data:text/javascript,import { exit } from 'node:process'; exit()"

/**
 * Starts another Node, which links the module at `url` without running it, and returns what that Node writes if it, or
 * one that it imports, cannot be compiled; else an empty string. Only there Node says in which file and line of an ES
 * module the fault is.
 */
export function compileReport(url: string): Promise<string> {
  const code = `import ${JSON.stringify(END)}; import ${JSON.stringify(url)}`
  return new Promise(resolve => {
    const args = ['--input-type=module', '--eval', code]
    execFile(process.execPath, args, { timeout: TIME_LIMIT }, (_error, _stdout, stderr) => resolve(stderr))
  })
}
