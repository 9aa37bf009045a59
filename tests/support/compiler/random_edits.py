"""Random edits of a folder of definitions, of which about half leave it valid."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import yaml

from compiler.source.yaml_reader import read_documents
from tests.support.compiler.yaml_mutations import mutate


class RandomEdits:
    """Edits the files below `folder`, and now and then takes everything back."""

    def __init__(self, folder: Path, random: Random) -> None:
        self._folder, self._random = folder, random
        self._originals = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml"))}

    def edit(self) -> None:
        """One edit of one file."""
        kind = self._random.choice([self._mutate, self._mutate, self._mutate, self._restore, self._comment, self._move])
        kind()

    def _some_file(self) -> Path:
        return self._random.choice(sorted(self._folder.rglob("*.yaml")))

    def _mutate(self) -> None:
        file = self._some_file()
        documents = [document.data for document in read_documents(file.read_text(encoding="utf-8"), "").documents]
        mutate(documents, self._random)
        file.write_text(yaml.dump_all(documents, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def _comment(self) -> None:
        """Moves every definition of a file to another line."""
        file = self._some_file()
        file.write_text(f"# {self._random.random()}\n\n{file.read_text(encoding='utf-8')}", encoding="utf-8")

    def _move(self) -> None:
        """Copies a file, so that its definitions are there twice, or removes one."""
        file = self._some_file()
        if self._random.random() < 0.5:
            shutil.copy(file, file.with_name("zz_copy.yaml"))
        else:
            file.unlink()

    def _restore(self) -> None:
        for file in self._folder.rglob("*.yaml"):
            file.unlink()
        for file, text in self._originals.items():
            file.write_text(text, encoding="utf-8")
