from types import SimpleNamespace

import pytest
import yaml

from overlord_run.errors import OverlordError
from overlord_run.playbook.compose import c_loader


def test_the_parser_is_libyaml() -> None:
    assert c_loader(yaml) is yaml.CLoader


def test_a_pyyaml_without_libyaml_is_told_with_its_remedy() -> None:
    with pytest.raises(OverlordError) as caught:
        c_loader(SimpleNamespace())
    assert caught.value.code == "no-libyaml"
    assert caught.value.message == "PyYAML is installed here without libyaml, the parser that playbooks are read with"
    assert caught.value.next == "install a wheel of it: pip install --force-reinstall PyYAML"
