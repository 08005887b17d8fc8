"""Makes the tables of the project in the current directory, and puts books into them."""
import datetime
import os
import sys

import django
from django.core.management import call_command

sys.path.insert(0, os.getcwd())
os.environ['DJANGO_SETTINGS_MODULE'] = 'shelf.settings'
django.setup()

from shelf.models import Author, Book

call_command('migrate', run_syncdb=True, verbosity=0)
authors = [Author.objects.create(name='author %d' % number) for number in range(20)]
first = datetime.date(1990, 1, 1)
Book.objects.bulk_create(
    Book(title='Book <%d>' % number, published=first + datetime.timedelta(days=number), author=authors[number % 20])
    for number in range(500)
)
