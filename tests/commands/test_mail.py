from config import Mail


def test_without_a_mail_server_it_says_what_to_set(app):
    done = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert done.exit_code == 1
    assert "No mail server is set" in done.output


def test_it_says_how_many_went(make_app):
    done = make_app(mail=Mail(host="127.0.0.1", port=1)).test_cli_runner().invoke(args=["mail", "deliver"])
    assert done.exit_code == 0
    assert done.output == "0 sent.\n"
