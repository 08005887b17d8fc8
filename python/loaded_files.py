"""With --reload: which files a Python process was made of, those that a reload would read again.

What the interpreter brings and what is installed in its site-packages is left out: nobody edits it, and it is thousands
of files. A directory ends with a slash, and stands for all that is in it.
"""
import os
import sys
import sysconfig
import traceback

PATHS = sysconfig.get_paths()
INSTALLED = tuple(
    os.path.join(path, '')
    for path in (*(PATHS[key] for key in ('stdlib', 'platstdlib', 'purelib', 'platlib')), os.path.dirname(__file__))
)
PACKAGES = (os.path.join('', 'site-packages', ''), os.path.join('', 'dist-packages', ''))


class LoadedFiles:
    def __init__(self, send):
        self.send = send
        self.count = 0
        self.known = set()

    def attends(self):
        return True

    def before(self, call, environ):
        pass

    def after(self, call, environ):
        """A request may have imported more."""
        self.report()

    def report(self):
        """Reports what was loaded since the last time."""
        if len(sys.modules) == self.count:
            return
        self.count = len(sys.modules)
        self.tell({*module_files(), *template_directories(), *catalogues()})

    def failed(self, error):
        """The same, and the files that may be at fault: they are in no module if their import has failed."""
        self.tell({*module_files(), *files_of(error)})

    def tell(self, files):
        fresh = sorted(file for file in files - self.known if is_edited(file))
        self.known |= files
        for start in range(0, len(fresh), 100):
            self.send(type='loaded', files=fresh[start:start + 100])


def module_files():
    for module in list(sys.modules.values()):
        try:
            file = module.__file__
        except Exception:
            continue
        if isinstance(file, str) and os.path.isabs(file):
            yield file[:-1] if file.endswith('.pyc') else file


def is_edited(file):
    return not file.startswith(INSTALLED) and not any(part in file for part in PACKAGES)


def template_directories():
    """Django's, if it is loaded: templates are read once, unless it is told otherwise."""
    template = sys.modules.get('django.template')
    if template is None:
        return
    try:
        loaders = [loader for engine in template.engines.all() for loader in engine.engine.template_loaders]
        directories = [each for loader in loaders for each in directories_of(loader)]
    except Exception:
        # Settings without templates, or engines of another make.
        return
    for directory in directories:
        for path, _, _ in os.walk(str(directory)):
            yield os.path.join(os.path.abspath(path), '')


def directories_of(loader):
    for inner in getattr(loader, 'loaders', ()):
        yield from directories_of(inner)
    if hasattr(loader, 'get_dirs'):
        yield from loader.get_dirs()


def catalogues():
    """Django's compiled translations, which are read once; where there is a source of one, it may come."""
    if 'django.utils.translation' not in sys.modules:
        return
    try:
        from django.apps import apps
        from django.conf import settings
        directories = [*settings.LOCALE_PATHS, *(os.path.join(each.path, 'locale') for each in apps.get_app_configs())]
    except Exception:
        # Settings or applications that are not ready.
        return
    for directory in directories:
        directory = os.path.abspath(str(directory))
        # What is installed may have thousands of them.
        for path, _, names in os.walk(directory) if is_edited(directory) else ():
            for name in names:
                if name.endswith(('.po', '.mo')):
                    yield os.path.join(path, name[:-3] + '.mo')


def files_of(error):
    while error is not None:
        for frame in traceback.extract_tb(error.__traceback__):
            yield os.path.abspath(frame.filename)
        if isinstance(error, SyntaxError) and error.filename:
            yield os.path.abspath(error.filename)
        if isinstance(error, ModuleNotFoundError) and error.name:
            yield from places_of(error.name)
        error = error.__cause__ or error.__context__


def places_of(name):
    """Where a module would be that is missing."""
    parent, _, last = name.rpartition('.')
    package = sys.modules.get(parent)
    for directory in list(package.__path__) if package is not None else sys.path:
        place = os.path.join(os.path.abspath(directory), last)
        yield place + '.py'
        yield os.path.join(place, '__init__.py')
