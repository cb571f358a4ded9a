package trust_test

import "testing"

// undo has every change of a table lose what a column was set to.
func undo(table, column, value string) string {
	return `
create function public.undo() returns trigger language plpgsql as $$ begin new.` + column + ` = ` + value + `; return new; end $$;
create trigger undo before insert or update on ` + table + ` for each row execute function public.undo()`
}

func TestFactorsThatHoldNothingBackAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P131", sql(undo("tenant.workspace", "least_factor", "'none'")))
	red(t, "P153", sql(undo("control.totp", "used_step", "0")))
	red(t, "P153", sql(undo("control.wrong_code", "until", "null")))
	red(t, "P153", sql(undo("control.recovery_code", "used_at", "null")))
	red(t, "P154", sql(undo("control.text_message", "used_at", "null")))
	red(t, "P154", sql(undo("control.text_message", "ends_at", "new.created_at + interval '1 hour'")))
	red(t, "P154", sql(`
create function public.undo() returns trigger language plpgsql as $$ begin new.until = null; return new; end $$;
create trigger undo before insert or update on control.wrong_code for each row execute function public.undo();
create function public.few() returns trigger language plpgsql as $$ begin new.tries = 0; return new; end $$;
create trigger few before insert or update on control.text_message for each row execute function public.few()`))
}
