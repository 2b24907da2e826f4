"""All the tests, in this order. `infra/peers/run` starts the runner, presses the demo's button three times, and calls this with
HANDBELL_ORIGIN."""

import sys
import unittest

import test_customers
import test_peers
import test_voice

tests = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromModule(module) for module in (test_peers, test_customers, test_voice))
result = unittest.TextTestRunner(verbosity=2, warnings="default").run(tests)
failed = len(result.failures) + len(result.errors)
passed = result.testsRun - failed - len(result.skipped)
print(f"test result: {'ok' if result.wasSuccessful() else 'FAILED'}. {passed} passed; {failed} failed; {len(result.skipped)} ignored")
sys.exit(not result.wasSuccessful())
