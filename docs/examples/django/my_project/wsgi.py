"""
The application, as `django-admin startproject` makes it. From the folder of manage.py:

    python3 manage.py migrate && python3 manage.py collectstatic --noinput && python3 manage.py createsuperuser
    unicorn my_project.wsgi:application --workers 3
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'my_project.settings')

application = get_wsgi_application()
