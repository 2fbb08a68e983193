collect_ignore_glob = ["g*.py", "case.py"]  # scripts, run by test_cases.py
