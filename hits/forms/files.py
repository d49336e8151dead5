"""What a person hands over as a file."""

from django import forms


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        error_messages={"empty": "The file is empty.", "required": "Choose a file."},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
