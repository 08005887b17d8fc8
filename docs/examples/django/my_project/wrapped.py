"""The application, wrapped in a class: `unicorn my_project.wrapped:application --workers 3`"""

import uuid

from my_project.wsgi import application as django_application


class RequestId:
    """Names each request, for the application, its answer and the log of whoever is in front."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        name = environ.setdefault('HTTP_X_REQUEST_ID', uuid.uuid4().hex)

        def start_named(status, headers, exc_info=None):
            return start_response(status, [*headers, ('X-Request-Id', name)], exc_info)

        return self.application(environ, start_named)


application = RequestId(django_application)
