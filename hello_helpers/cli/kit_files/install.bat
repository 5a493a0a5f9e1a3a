@echo off
rem install.bat [FOLDER]: install the course from this folder, without network (see install.py).
where py >nul 2>nul
if %errorlevel% equ 0 (py "%~dp0install.py" %*) else (python "%~dp0install.py" %*)
if errorlevel 1 echo If there is no Python on this machine, install it from python.org, and start this file again.
pause
