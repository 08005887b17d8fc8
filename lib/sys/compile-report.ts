import { execFile } from 'node:child_process'

/** Milliseconds. To link a large application takes a second. */
const TIME_LIMIT = 10_000

/** Ends the process before anything else is run: where Node comes so far, every module could be compiled and linked. */
const END = "data:text/javascript,import { exit } from 'node:process'; exit()"

/**
 * What Node writes when it ends because a module, or one that it imports, cannot be compiled: the only place where it tells the file
 * and the line of an ES module. Another Node loads the module, but does not run it.
 * @param url  of the module
 * @returns the report, or an empty string where nothing is wrong
 */
export function compileReport(url: string): Promise<string> {
  const code = `import ${JSON.stringify(END)}; import ${JSON.stringify(url)}`
  return new Promise(resolve => {
    const args = ['--input-type=module', '--eval', code]
    execFile(process.execPath, args, { timeout: TIME_LIMIT }, (_error, _stdout, stderr) => resolve(stderr))
  })
}
