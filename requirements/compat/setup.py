"""A distribution of one module, installed on glibc older than 2.39 only; the module says why."""

from setuptools import setup

setup(
    name="slipway-tfx-bsl-compat",
    version="1.21.0",
    description="tfx_bsl.arrow.sql_util for tensorflow-data-validation 1.16.1 on tfx-bsl 1.21",
    license="Apache-2.0",
    python_requires=">=3.11,<3.12",
    install_requires=["tfx-bsl>=1.21,<1.22"],
    py_modules=["tfx_bsl.arrow.sql_util"],
)
