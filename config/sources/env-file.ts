import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { errorCode, toError } from '../../lib/errors.js'

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>

/**
 * Reads files of environment variables, in the syntax of Node's `--env-file`. The last file that has a variable wins.
 * @param files absolute paths
 * @throws Error if a file cannot be read, or is no such file
 */
export function readEnvFiles(files: readonly string[]): Variables {
  return Object.assign({}, ...files.map(readEnvFile))
}

function readEnvFile(file: string): Variables {
  const text = read(file)
  const variables = parseEnv(text)
  const isEmpty = text.split('\n').every(line => /^\s*(#|$)/.test(line))
  if (text.includes('\0') || !(isEmpty || Object.keys(variables).length > 0)) {
    throw new Error(`found no variables in ${file}, wanted lines of NAME=VALUE`)
  }
  return Object.fromEntries(Object.entries(variables).map(([name, value = '']) => [name, value]))
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const found = errorCode(error) === 'ENOENT' ? 'no such file' : toError(error).message
    throw new Error(`found ${found}: ${file}, wanted a file of environment variables`, { cause: error })
  }
}
