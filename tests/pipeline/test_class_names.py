from pipeline import class_names, prepared
from pipeline.tf_example import example


def test_names_keep_their_order_and_their_spaces(tmp_path):
    assert class_names.read(tmp_path) == ()
    class_names.write(tmp_path, ["Ankle boot", "T-shirt", "Müll"])
    assert class_names.read(tmp_path) == ("Ankle boot", "T-shirt", "Müll")
    assert [path.name for path in tmp_path.iterdir()] == [class_names.CLASSES_FILE]


def test_a_task_leaves_them_beside_its_records(tmp_path):
    def prepare(classes):
        records = [("train", example({"x": 1.0}))]
        return prepared.write_once(tmp_path, lambda: records, shards={"train": 1}, key={"a": 1}, classes=classes)

    prepare(())
    assert class_names.read(tmp_path) == ()
    prepare(("cat", "dog"))
    assert class_names.read(tmp_path) == ("cat", "dog")
    prepare({"cow": 1, "dog": 2})
    assert class_names.read(tmp_path) == ("cow", "dog")
