import { readFileSync } from 'node:fs'
import { packageFile } from '../sys/package.js'
import type { Language, Manifest } from './project.js'

/** One server: an application, its config file, and what it is called. */
export interface Served {
  readonly name: string
  /** Of the application and the config file. */
  readonly directory: string
  /** The config file in it. */
  readonly config: string
  /** The first address that the config file has; undefined if it leaves them to what starts the server. */
  readonly bind: string | undefined
  /** The application, if the config file does not name it. */
  readonly app?: string | undefined
  readonly language: Language
  readonly manifest: Manifest | undefined
}

/** A file that is to be written. */
export interface Draft {
  readonly path: string
  readonly text: string
}

/** What is to be written, and what is to be said about it. */
export interface Plan {
  readonly configs: readonly Draft[]
  /** What the other files are for. */
  readonly servers: readonly Served[]
  /** Sentences for the terminal. */
  readonly remarks: readonly string[]
}

/** The program and the application of the files to copy. */
const NODE_PROGRAM = 'node_modules/.bin/unicorn'
const APP = 'app:application'
/** What starts a server in them, as one text and as a list. */
export const COMMAND = `${NODE_PROGRAM} ${APP}`
export const COMMAND_WORDS = { program: `"${NODE_PROGRAM}"`, app: `, "${APP}"` }

/** The program that serves it. One in Python has no packages of npm. */
export function programOf({ language }: Served): string {
  return language === 'python' ? 'unicorn' : NODE_PROGRAM
}

export function argumentsOf({ config, app }: Served): string[] {
  const isFoundByItself = /^(?:unicorn\.config\.\w+|gunicorn\.conf\.py)$/.test(config)
  return [...(isFoundByItself ? [] : ['-c', config]), ...(app === undefined ? [] : [app])]
}

/** Reads one of the tested files of this package. */
export function textOf(template: string): string {
  return readFileSync(packageFile(template), 'utf8')
}

/** The same with the name of a project in it. */
export function renamed(template: string, name: string): string {
  return textOf(template).replace(/\bshop\b/g, () => name)
}
