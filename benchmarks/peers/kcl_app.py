"""n Deployments with a Service each, by KCL's own engine. Usage: kcl_app.py PROGRAM.k FOLDER"""

import sys
from pathlib import Path

from kcl_lib.api import API, ExecProgramArgs

done = API().exec_program(ExecProgramArgs(k_filename_list=[sys.argv[1]]))
if done.err_message:
    sys.exit(done.err_message)
folder = Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
(folder / "bench.yaml").write_text(done.yaml_result)
