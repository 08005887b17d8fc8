import { cpSync } from 'node:fs'
import type { Test } from 'tap'
import { testdir } from '../helpers/at-end.js'
import { python } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

export const SUPERUSER = { username: 'admin', password: 'for-this-test-only' }

/** As manage.py would do one by one, in one process. */
const PREPARE = `
import sys
sys.path.insert(0, '.')
import django
from django.core.management import call_command
django.setup()
call_command('migrate', verbosity=0)
call_command('createsuperuser', interactive=False, verbosity=0, username='${SUPERUSER.username}', email='a@example.com')
if django.conf.settings.STATIC_ROOT:
    call_command('collectstatic', interactive=False, verbosity=0)
`

/** A copy of a folder of docs/examples, in which an application may write. @returns its path */
export function copyOfExample(t: Test, folder: string): string {
  const directory = testdir(t, {})
  cpSync(`${root}docs/examples/${folder}`, directory, { recursive: true })
  return directory
}

/**
 * What is done to a Django project before it is served: tables, a superuser, static files.
 * @param interpreter  that has Django @param env  more of the environment
 */
export async function prepareDjango(
  directory: string,
  interpreter = python,
  env: ServerOptions['env'] = {},
): Promise<void> {
  const own = { DJANGO_SETTINGS_MODULE: 'my_project.settings', DJANGO_SUPERUSER_PASSWORD: SUPERUSER.password }
  await run([interpreter, '-c', PREPARE], { cwd: directory, env: { ...own, ...env } })
}

/** Serves it by three Python processes behind one front, which is ready when they are. */
export function serve(t: Test, directory: string, spec: string, options: ServerOptions = {}): Promise<Server> {
  const args = ['--python', python, '--workers', '3', ...(options.args ?? [])]
  return startServer(t, { ...options, cwd: directory, spec, args })
}
