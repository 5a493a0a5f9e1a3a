"""Natural mistakes of learners, typed into a lesson, and what a good teacher would say to each."""

CHANNEL = {
    "create_channel(endpoint)": (
        "create_channel wants a text as uri, and got an Endpoint.",
        "Its address is endpoint.url.",
    ),
    "ArmoniKVersions(endpoint).list_versions()": (
        "ArmoniKVersions wants a channel as grpc_channel, and got an Endpoint.",
        "Write endpoint.open_channel(), or the channel that is open.",
    ),
    "create_channel(endpoint.url, options=endpoint.channel_option)": (
        "endpoint is an Endpoint, and that has no 'channel_option'.",
        "Did you mean channel_options?",
    ),
    "ArmoniKVersions(channel).list_version()": ("Did you mean list_versions?",),
    "ArmoniKVersions().list_versions()": (
        "missing 1 required positional argument: 'grpc_channel'.",
        "It is called so: ArmoniKVersions(grpc_channel).",
    ),
    "ArmoniKVersions.list_versions()": (
        "list_versions needs an object of the class ArmoniKVersions.",
        "Write ArmoniKVersions(grpc_channel).list_versions(...).",
    ),
    "ArmoniKHealthChecks(channel).check_health()['database'].status": (
        "is a dictionary.",
        "Write ArmoniKHealthChecks(channel).check_health()['database']['status'].",
    ),
    "endpoint.describe.upper()": ("endpoint.describe is a method that was not called.",),
    "Endpoint.parse(5001)": ("parse wants a text as text, and got 5001.",),
    "from armonik.client import ArmoniKVersion": (
        "armonik.client has no 'ArmoniKVersion'.",
        "Did you mean ArmoniKVersions",
    ),
    "grpc.secure_channel(endpoint.url)": (
        "secure_channel() missing 1 required positional argument: 'credentials'.",
        "It is called so: secure_channel(target, credentials, options=None, ",
    ),
}

SESSION = {
    "sessions.create_session(TaskOptions(max_duration=60, priority=1, max_retries=2))": (
        "create_session wants a timedelta as max_duration of default_task_options, and got 60.",
        "Write timedelta(seconds=60); timedelta is in datetime.",
    ),
    "sessions.create_session(TaskOptions(timedelta(seconds=1), 'high', 2))": (
        "wants a whole number as priority of default_task_options, and got 'high'.",
    ),
    "sessions.create_session(options, partition_ids='default')": (
        "create_session wants a list as partition_ids, and got 'default'.",
        "a list, with one in it.",
    ),
    "sessions.get_session(sessions)": (
        "get_session wants a text as session_id, and got an ArmoniKSessions.",
    ),
    "TaskOptions(priority=1)": ("It is called so: TaskOptions(max_duration, priority, ",),
    "sessions.create_session({'max_duration': timedelta(minutes=5)})": (
        "create_session wants a TaskOptions as default_task_options, and got a dictionary.",
    ),
    "sessions.get_session(None)": ("get_session wants a text as session_id, and got None.",),
    "sessions.get_session(...)": ("Put what is asked for in the place of the dots.",),
    "session['status']": ("session is no dictionary", "has a dot before it: session.status."),
    "sessions.close_session('nonsense')": (
        "Session was not found",
        "These hold ids of sessions: session_id",
    ),
    "from armonik.common import Session\nsessions.list_sessions(Session.status == 'RUNNING')": (
        "Write SessionStatus.RUNNING, of armonik.common.",
    ),
    "sessions.list_sessions(status='RUNNING')": (
        "list_sessions(session_filter=None, page=0, page_size=1000, sort_field=..., ",
    ),
}

PAYLOAD = {
    "pair = Payload([1, 2])\nresults.create_results({'payload': pair}, session_id)": (
        "create_results wants bytes as results_data['payload'], and got a Payload.",
        "Write pair.serialize(): its bytes.",
        "It happened here: results.create_results({'payload': pair}, session_id)",
    ),
    "results.create_results({'payload': 'text'}, session_id)": ("Write 'text'.encode()",),
    "results.create_results({'payload': [1, 2]}, session_id)": (
        "wants bytes as results_data['payload'], and got a list.",
        "json.dumps([1, 2]).encode()",
    ),
    "results.create_results(Payload([1]).serialize(), session_id)": (
        "create_results wants a dictionary as results_data",
        'Give it a name: {"payload": …}.',
    ),
    "results.create_results(session_id, {'payload': b'1'})": (
        "Its arguments are, in this order: results_data, session_id, batch_size.",
    ),
    "from hello_helpers.messages import Result\nResult.deserialize('45')": (
        "deserialize wants bytes as data, and got '45'.",
    ),
    "payload.values()": ("payload.values is no method.", "Leave out the (): payload.values."),
    "stored['payload'].id": ("Did you mean result_id?",),
    "stored['paylod'].result_id": ("There is no 'paylod' in stored.", "Did you mean 'payload'?"),
    "stored.result_id": ("Take one of them: stored['payload'].result_id.",),
    "results.get_result('sum')": ("'sum' is the name of a result; its id is ",),
    "results.download_result_data(output_id, session_id)": (
        "This result is there, and has no data: it is CREATED.",
    ),
    "results.upload_result_data(large_id, session_id, 'text')": (
        "upload_result_data wants bytes as result_data, and got 'text'.",
    ),
}

TASK = {
    "from armonik.common import TaskDefinition\n"
    "infos = results.create_results_metadata(['a'], session_id)\n"
    "mine = TaskDefinition('payload', [infos['a'].result_id])\n"
    "tasks.submit_tasks(session_id, mine)": (
        "submit_tasks wants a list as tasks, and got a TaskDefinition.",
        "Write [mine]: a list, with one in it.",
    ),
    "tasks.submit_tasks(session_id, [TaskDefinition('p', ['r'], data_dependencies=[infos])])": (
        "submit_tasks wants a text as data_dependencies[0] of tasks[0], and got a dictionary.",
        'infos["..."].result_id.',
    ),
    "tasks.submit_tasks(session_id, [TaskDefinition('p', [infos['a']])])": ("….result_id: its id",),
    "tasks.submit_tasks(session_id, ['p'])": (
        "submit_tasks wants a TaskDefinition as tasks[0], and got 'p'.",
    ),
    "tasks.get_task(mine)": ("get_task wants a text as task_id, and got a TaskDefinition.",),
    "found = tasks.submit_tasks(session_id, [task])\nfound.id": (
        "found is a list, and that has no 'id'; what is in it has one.",
        "Take one of them: found[0].id.",
    ),
    "tasks.submit_tasks(session_id, [TaskDefinition(payload_id, ['sum'])])": (
        "'sum' is the name of a result; its id is ",
    ),
    "TaskDefinition(payload_id, expected_output_ids=[])": ("ValueError: expected_output_ids must",),
    "from armonik.common import Task, TaskStatus\n"
    "tasks.list_tasks(Task.session_id == session_id and Task.status == TaskStatus.ERROR)": (
        "Conditions for ArmoniK are joined by & and |, each in brackets",
    ),
    "tasks.list_tasks(Task.session_id == session_id & Task.status == TaskStatus.ERROR)": (
        "(Task.session_id == session_id) & (Task.status == TaskStatus.ERROR)",
    ),
    "tasks.list_tasks(Task.session_id == 5)": (
        "session_id is compared with a text, and got an int",
    ),
    "tasks.list_tasks(Task.priority == 1)": ("Did you mean options.priority?",),
    "tasks.list_tasks(Task.options.lesson == '04')": (
        "Task.options is a TaskOptionFilter, and that has no 'lesson'.",
    ),
    "tasks.list_tasks(session_id)": ("A condition is written Task.session_id == session_id",),
    "tasks.list_tasks(Task.session_id == session_id)[0].id": (
        "list_tasks returns a pair: how many there are, and a list of them.",
    ),
    "tasks.get_task('nonsense')": ("Task was not found", "The last tasks of your session are: "),
    "tasks.get_task(output_id)": ("get_task wants the id of a task as task_id, and got output_id",),
    "await tasks.get_task(submitted.id)": ("Leave out await.",),
}

WAIT = {
    "from hello_helpers import wait_for_results\n"
    "one_id = results.create_results_metadata(['a'], session_id)['a'].result_id\n"
    "result_id = one_id\n"
    "wait_for_results(channel, result_id, session_id)": (
        "wait_for_results wants the id of a session as session_id, and got result_id.",
        "Its arguments are, in this order: channel, session_id, result_ids, ",
    ),
    "wait_for_results(channel, session_id, result_id)": (
        "wait_for_results wants a list as result_ids",
        "Write [result_id]: a list, with one in it.",
    ),
    "wait_for_results(endpoint, session_id, [result_id])": (
        "wait_for_results wants a channel as channel, and got an Endpoint.",
    ),
    "results.download_result_data(session_id, result_id)": (
        "download_result_data wants the id of a result as result_id, and got session_id.",
        "Its arguments are, in this order: result_id, session_id.",
    ),
    "from hello_helpers import create_payload, submit_task\n"
    "data = create_payload(channel, session_id, Payload([1]))\n"
    "wait_for_results(channel, session_id, [data])": ("Write data.result_id: its id.",),
    "wait_for_results(channel, session_id, [data.result_id], timeout='60')": (
        "wait_for_results wants a number as timeout, and got '60'.",
    ),
    "submit_task(channel, session_id, [data])": (
        "submit_task wants a Data as data, and got a list.",
    ),
    "create_payload(channel, session_id, [1, 2])": ("Write Payload([1, 2]).",),
    "journey(task_id)": ("journey got '",),
    "values_form.result.value": ("values_form.result is None: there is nothing in it.",),
    "one = results.create_results_metadata(['one'], session_id)\n"
    "wait_for_results(channel, session_id, one, timeout=5)": (
        "'one' is the name of a result; its id is ",
    ),
    "Result.deserialize(numbers)": ("take the id of the output instead.",),
    "made = results.create_results_metadata('sum', session_id)\nmade['sum']": (
        "Was a text taken for the list of its letters?",
    ),
    "results.get_result(spoilt_id).status == ABORTED": ("Write ResultStatus.ABORTED",),
    "def mine(event):\n    return True\n"
    "listener = ArmoniKEvents(with_deadline(channel, events_seconds=5))\n"
    "listener.get_events(session_id, [EventTypes.NEW_RESULT], [mine])": (
        "get_events cannot call your function: mine takes 1 positional argument but 3 were given.",
        "It is called with: a text, an EventTypes, an Event.",
    ),
    "listener.get_events(session_id, [EventTypes.NEW_RESULT], mine)": ("Write [mine]: a list",),
    "listener.get_events(session_id, ['NEW_RESULT'], [mine])": ("Write EventTypes.NEW_RESULT",),
    "listener = ArmoniKEvents(with_deadline(channel, events_seconds=0.1))\n"
    "listener.get_events(session_id, [EventTypes.NEW_RESULT], [lambda *_: False])": (
        "The time to listen is over (DEADLINE_EXCEEDED): no handler has returned True",
    ),
}

ALL_FIVE = {
    "create_channel(endpoint)": ("Its address is endpoint.url.",),
    "run_client('-n', 5)": ("TypeError: expected str", "It began here: run_client('-n', 5)"),
    "client_form.session": ("Did you mean session_id?",),
    "sessions.close_session(session_id)": (
        "The channel is closed.",
        "The end of a with block closes its channel",
    ),
}

WORKER = {
    "start('nonsense.py')": ("No such file or directory: 'nonsense.py'",),
    "worker_log('x')": ("worker_log got 'x' as armonik, and that has no 'endpoint'.",),
    "armonik.stop()": ("armonik is an EmbeddedArmonik, and that has no 'stop'.",),
}

GRAPH = {
    "session_graph(channel, data)": ("session_graph wants a text as session_id, and got a Data.",),
    "Payload([1], threshold=5)": ("It is called so: Payload(values, subtask_threshold=100).",),
    "wait_for_result(channel, session_id, [data.result_id])": ("wants a text as result_id",),
    "wait_for_result(channel, session_id, task_id)": (
        "wait_for_result wants the id of a result as result_id, and got task_id.",
    ),
    "tasks.submit_tasks(session_id, [TaskDefinition(data.payload_id, [data.result_id], [task])])": (
        "wants a text as data_dependencies[0] of tasks[0], and got a TaskDefinition.",
    ),
}

WRONG_THINGS = {
    "send(channel, 'nonsense', good)": (
        "Session was not found",
        "These hold ids of sessions: ",
    ),
    "wait_for_results(channel, session_id, ['nonsense'], timeout=5)": (
        "ArmoniK knows no such result.",
        "The last results of your session are: ",
    ),
    "wait_for_results(channel, session_id, [submitted[0].id], timeout=5)": (
        "This is the id of a task, and not of a result.",
    ),
    "listing('Tasks', tasks.list_tasks(failed), ['id'])": ("list_tasks returns a pair",),
    "listing('Tasks', found, ['id', 'state'])": ("This is a Task, and that has no 'state'.",),
    "found[99].id": ("things in found.",),
    "error.code()": ("Python forgets it at the end of its except block.",),
    "create_session(channel, [None])": (
        "create_session wants a text as partition, and got a list.",
    ),
}

MANY = {
    "create_payloads(channel, session_id, [[1, 2]])": ("Write Payload([1, 2]).",),
    "ids = [task.id for task in submitted]\nsubmit_all(channel, session_id, ids)": (
        "submit_all wants a Data as data[0], and got '",
    ),
    "wait_all(channel, session_id, data)": ("wants a text as result_ids[0], and got a Data.",),
    "download_all(channel, session_id, ids[:1])": (
        "This is the id of a task, and not of a result.",
    ),
    "tasks.submit_tasks(session_id, definitions, batch_size=100)": ("chunk_size=100).",),
    "sorted(found, key=lambda task: task.aquired_at)": ("Did you mean acquired_at",),
}

SECURE = {
    "create_channel(armonik.endpoint, authority)": (
        "It is called so: create_channel(uri, options=None, certificate_authority=None, ",
    ),
    "create_channel(armonik.endpoint, client_key=ada_file)": ("A key is of no use without",),
    "create_channel(armonik.endpoint, certificate_authority='nonsense.pem')": (
        "No such file or directory: 'nonsense.pem'",
    ),
    "who_am_i(endpoint)": (
        "channel is an Endpoint, and that has no 'unary_unary'.",
        "It began here: who_am_i(endpoint)",
    ),
    "grpc.ssl_channel_credentials(root_certificates=authority)": (
        "expected certificate to be bytes",
    ),
    "certificate_for('ada')": ("It is called so: certificate_for(armonik, name).",),
}

APPLICATION = {
    "render(hundred)": ("It is called so: render(tiles, canvas, on_tile=...).",),
    "render([{}], canvas)": ("There is no 'left' in tile.", "It began here: render([{}], canvas)"),
    "canvas.shows()": ("Did you mean show?",),
    "ArmoniKTasks(endpoint)": ("Write endpoint.open_channel(), or the channel that is open.",),
}

OLD_PAGE = {
    "submitter.create_session(options)": ("No cell of this lesson makes it.",),
    "sessions.create_session(options, partition_ids=[partition])": (
        "The channel is closed.",
        "The end of a with block closes its channel: use it inside, or open a new one.",
    ),
    "from armonik.client import ArmoniKSubmitter": ("armonik.client has no 'ArmoniKSubmitter'.",),
    "TaskDefinition(payload=b'1', expected_output_ids=['id'])": (
        "It is called so: TaskDefinition(payload_id='', expected_output_ids=..., ",
    ),
}

TYPED: dict[str, dict[str, tuple[str, ...]]] = {
    "00_welcome": {},
    "01_channel": CHANNEL,
    "02_session": SESSION,
    "03_payload": PAYLOAD,
    "04_submit": TASK,
    "05_wait": WAIT,
    "06_the_whole_client": ALL_FIVE,
    "07_worker": WORKER,
    "08_subtasks": GRAPH,
    "09_when_things_go_wrong": WRONG_THINGS,
    "10_many_tasks": MANY,
    "11_secure_channel": SECURE,
    "12_own_application": APPLICATION,
    "A_from_the_old_page": OLD_PAGE,
}
"""What is typed before the exercise of a lesson, and what has to be told."""
