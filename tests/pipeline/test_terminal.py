from pipeline.terminal import console, print_error


def test_an_error_is_one_line_whatever_the_message(capsys):
    print_error("First.\n  Second:\tthird.")
    assert capsys.readouterr() == ("", "error: First. Second: third.\n")


def test_a_traceback_comes_before_the_error(capsys):
    print_error("It failed.", "Traceback\n  ValueError\n")
    assert capsys.readouterr().err == "Traceback\n  ValueError\nerror: It failed.\n"


def test_text_is_printed_as_it_is(capsys):
    console().print("[red]a[/] :cat: [0, 1]")
    assert capsys.readouterr().out == "[red]a[/] :cat: [0, 1]\n"
