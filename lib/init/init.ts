import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { ExitCode, type Fault, UnicornError } from '../errors.js'
import { deployFiles } from './deploy-files.js'
import { type InitOptions, readInitOptions } from './options.js'
import { planOf } from './plan.js'
import type { Draft } from './served.js'
import { writeNew } from './write-new.js'

type Print = (text: string) => void

/** What came of it: 1 if a file that was asked for is there already, or if it failed. */
interface Outcome {
  readonly exitCode: ExitCode
  /** The facts of a UnicornError: the class of this bundle is another one than that of its caller. */
  readonly failure?: { readonly message: string; readonly fault: Fault }
}

/**
 * Runs `unicorn init`: writes a config file for the project in a directory, and on request what deploys it.
 * @param argv  what follows `init`
 * @param print  to standard output
 */
export async function runInit(argv: readonly string[], cwd: string, print: Print): Promise<Outcome> {
  try {
    return { exitCode: await run(argv, cwd, print) }
  } catch (error) {
    if (!(error instanceof UnicornError)) throw error
    return { exitCode: error.exitCode, failure: { message: error.message, fault: error.cause } }
  }
}

/** @throws UnicornError if there is no application, or a file cannot be read or written */
async function run(argv: readonly string[], cwd: string, print: Print): Promise<ExitCode> {
  const options = readInitOptions(argv)
  if (typeof options === 'string') {
    print(options)
    return ExitCode.ok
  }
  const { configs, servers, remarks } = await planOf(options, cwd)
  const drafts = [...configs, ...deployFiles(options.extras, servers)]
  if (options.stdout) {
    print(drafts.map(({ path, text }) => (drafts.length > 1 ? `# ${path}\n${text}` : text)).join('\n'))
    return ExitCode.ok
  }
  const outcomes = drafts.map(draft => write(draft, cwd, options, print))
  for (const remark of remarks) print(`${remark}\n`)
  return outcomes.includes(false) ? ExitCode.refused : ExitCode.ok
}

/** @returns false if there is a file of that name, which stays as it is */
function write({ path, text }: Draft, cwd: string, { dryRun }: InitOptions, print: Print): boolean {
  const isNew = dryRun ? lstatSync(join(cwd, path), { throwIfNoEntry: false }) === undefined : writeNew(cwd, path, text)
  const done = dryRun ? 'would write' : 'wrote'
  print(isNew ? `${done} ${path}\n` : `${path} is there already: left as it is\n`)
  return isNew
}
