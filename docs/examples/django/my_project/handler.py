"""Django's handler, subclassed: `unicorn my_project.handler:application --workers 3`"""

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse


class Handler(WSGIHandler):
    """Answers health checks before all middleware: they know no allowed host, and may not need the database."""

    def get_response(self, request):
        if request.path_info == '/healthz':
            return HttpResponse('ok\n', content_type='text/plain')
        return super().get_response(request)


os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'my_project.settings')
django.setup(set_prefix=False)
application = Handler()
