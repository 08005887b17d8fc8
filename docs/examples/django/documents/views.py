import csv

from django.contrib import messages
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from .forms import DocumentForm
from .models import Document


def index(request):
    """A form with an upload, and what this session has seen."""
    form = DocumentForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        document = form.save()
        messages.success(request, 'Added %s.' % document)
        return redirect('documents:index')
    request.session['visits'] = visits = request.session.get('visits', 0) + 1
    context = {'form': form, 'visits': visits, 'documents': Document.objects.all()}
    return render(request, 'documents/index.html', context, status=400 if form.errors else 200)


class Echo:
    """A file for csv.writer that gives back what is written to it."""

    def write(self, text):
        return text


def export(request):
    """Streams a row at a time, however many there are."""
    rows = Document.objects.values_list('title', 'file').iterator()
    writer = csv.writer(Echo())
    lines = (writer.writerow(row) for row in rows)
    headers = {'Content-Disposition': 'attachment; filename="documents.csv"'}
    return StreamingHttpResponse(lines, content_type='text/csv', headers=headers)


def download(request, pk):
    """Sends the file. The server takes it from the disk: this process is free at once."""
    document = get_object_or_404(Document, pk=pk)
    if not document.file:
        raise Http404('%s has no file' % document)
    return FileResponse(document.file.open('rb'), as_attachment=True)
