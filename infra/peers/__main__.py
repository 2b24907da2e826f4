"""All the tests, in this order. `infra/peers/run` starts the runner, presses the demo's button three times, and calls this with
HANDBELL_ORIGIN; the other variables are the mail server's and those of the runner that reads from it."""

import sys
import unittest

import test_customers
import test_mailbox
import test_peers
import test_voice

modules = (test_peers, test_customers, test_voice, test_mailbox)
chosen = [module for module in modules if not sys.argv[1:] or module.__name__ in sys.argv[1:]]
tests = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromModule(module) for module in chosen)
result = unittest.TextTestRunner(verbosity=2, warnings="default").run(tests)
failed = len(result.failures) + len(result.errors)
passed = result.testsRun - failed - len(result.skipped)
print(f"test result: {'ok' if result.wasSuccessful() else 'FAILED'}. {passed} passed; {failed} failed; {len(result.skipped)} ignored")
sys.exit(not result.wasSuccessful())
