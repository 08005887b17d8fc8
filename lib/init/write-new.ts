import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, UnicornError } from '../errors.js'

/** Writes a new file. @returns false if there is one of that name @throws UnicornError if it cannot be written */
export function writeNew(directory: string, path: string, text: string): boolean {
  const file = join(directory, path)
  try {
    writeFileSync(file, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw new UnicornError(`${file} cannot be written (${errorCode(error) ?? error})`, { where: file, error })
  }
}
