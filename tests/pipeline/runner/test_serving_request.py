import base64
import json

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.runner.serving_request import IMAGE, example_instance, write_request

SCHEMA = """
default_environment: "TRAINING"
default_environment: "SERVING"
string_domain { name: "companies" value: "Flash Cab" value: "Blue Cab" }
feature { name: "fare" type: FLOAT shape {} float_domain { min: 0 } }
feature { name: "latitude" type: FLOAT shape {} float_domain { min: 41.5 max: 42.5 } }
feature { name: "company" type: BYTES value_count { min: 0 max: 1 } domain: "companies" }
feature { name: "payment" type: BYTES shape {} string_domain { value: "Cash" } }
feature { name: "note" type: BYTES shape {} }
feature { name: "photo" type: BYTES shape {} image_domain {} }
feature { name: "month" type: INT shape {} int_domain { min: 3 max: 12 } }
feature { name: "depth" type: INT shape {} int_domain { min: -9 max: -2 } }
feature { name: "words" type: BYTES value_count { min: 1 } }
feature { name: "one" type: FLOAT shape { dim { size: 1 } } }
feature { name: "pixels" type: FLOAT shape { dim { size: 2 } dim { size: 3 } } }
feature { name: "kind of-trip" type: INT shape {} }
feature { name: "tip" type: INT shape {} not_in_environment: "SERVING" }
feature { name: "label" type: INT shape {} }
"""


def test_one_value_of_the_domain_for_each_feature_a_client_has():
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    assert example_instance(schema, "label") == {
        "fare": 1.0,
        "latitude": 41.5,
        "company": "Flash Cab",
        "payment": "Cash",
        "note": "",
        "photo": IMAGE,
        "month": 3,
        "depth": -2,
        "words": [""],
        "one": 1.0,
        "pixels": [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]],
        "kind_of_trip": 1,
    }


def test_the_file_is_what_tf_serving_reads(tmp_path):
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    path = write_request(tmp_path, tmp_path / "schema.pbtxt", "label")
    [instance] = json.loads(path.read_text())["instances"]
    assert instance["payment"] == "Cash"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["request.json", "schema.pbtxt"]


def test_the_image_is_a_whole_file():
    assert base64.b64decode(IMAGE["b64"], validate=True).startswith(b"\x89PNG\r\n")
