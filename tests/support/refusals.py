def reason(response):
    """Why this is a 403: the code of a token's error; "csrf"; or "permission" for people who may not come in at all."""
    assert response.status_code == 403
    by_page = {"403.html": "permission", "403_csrf.html": "csrf"}
    return by_page.get(response.templates[0].name) or response.context["error"].code
