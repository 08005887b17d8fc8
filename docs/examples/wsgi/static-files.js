// unicorn 'docs/examples/wsgi/static-files.js:serve("public")'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { extname, join, normalize, resolve, sep } from 'node:path'

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/** Makes an application that serves the files of a directory, and follows the links in it. */
export function serve(directory) {
  const root = resolve(directory)
  return async (environ, startResponse) => {
    const path = fileFor(root, environ.PATH_INFO)
    const file = path && (await openFile(path))
    if (!file) {
      startResponse('404 Not Found', [['Content-Type', 'text/plain']])
      return ['No such file.\n']
    }
    const { handle, size, modified } = file
    if (environ.HTTP_IF_MODIFIED_SINCE === modified) {
      await handle.close()
      startResponse('304 Not Modified', [['Last-Modified', modified]])
      return []
    }
    startResponse('200 OK', [
      ['Content-Type', TYPES[extname(path)] ?? 'application/octet-stream'],
      ['Content-Length', String(size)],
      ['Last-Modified', modified],
    ])
    // The server reads it block by block as the client takes it, and closes it in any case.
    return environ['wsgi.file_wrapper'](handle)
  }
}

/** The file that a path names, or undefined if it would lie outside of the directory. */
function fileFor(root, path) {
  if (path.includes('\0')) return undefined
  const file = normalize(join(root, path.endsWith('/') ? `${path}index.html` : path))
  return file.startsWith(root + sep) ? file : undefined
}

async function openFile(path) {
  try {
    // Without O_NONBLOCK, opening a FIFO would occupy a thread of Node's pool until a process writes to it.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = await handle.stat()
    if (stats.isFile()) return { handle, size: stats.size, modified: stats.mtime.toUTCString() }
    await handle.close()
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG', 'ELOOP'].includes(error.code)) throw error
  }
  return undefined
}
